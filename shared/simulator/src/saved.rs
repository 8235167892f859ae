//! Owns saving a world into a folder, and reading it back: everything in it but the recorded calls,
//! the events that nobody took, and the planned faults. A copy that is to fail still does.
//!
//! ```text
//! folder/world/world.msgpack                     what the simulator holds, with the format's number
//! folder/world/dynamodb-<account>-<region>.db    a DynamoDB, as its SQLite file
//! ```
//!
//! A world is written beside the old one and then put in its place, so that whoever is stopped in
//! the middle leaves one whole world.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dynoxide::DynoxideError;
use serde::{Deserialize, Serialize};

use crate::World;
use crate::state::State;

/// The number of the format. A world of another format is refused, not misread.
const FORMAT: u32 = 1;
const WORLD: &str = "world";
const NEW: &str = "world.new";
const OLD: &str = "world.old";
const FILE: &str = "world.msgpack";

/// Why a world could not be saved or read back.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// A file or folder can't be used.
    #[error("{path} can't be used")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The world can't be written in the format.
    #[error("the world can't be written")]
    Encode(#[from] rmp_serde::encode::Error),
    /// The file holds no world of this version.
    #[error("{path} holds no world that this version can read; begin with another folder")]
    Decode {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rmp_serde::decode::Error,
    },
    /// The file has another format.
    #[error(
        "{path} has format {found}, and this version reads format {FORMAT}; begin with another folder"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// A `DynamoDB` database can't be saved or read.
    #[error("the database {path} can't be used: {problem}")]
    Database {
        /// Its file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
}

#[derive(Serialize)]
struct Saving<'a> {
    format: u32,
    databases: Vec<(String, String)>,
    state: &'a State,
}

/// What stands before the state, so that another format is told before it is misread.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

#[derive(Deserialize)]
struct Saved {
    databases: Vec<(String, String)>,
    state: State,
}

impl World {
    /// Saves the world into a folder, in place of what is saved there.
    ///
    /// # Errors
    /// Where the folder can't be written. What was saved there before stays.
    pub fn save(&self, folder: &Path) -> Result<(), SaveError> {
        let new = folder.join(NEW);
        remove(&new)?;
        fs::create_dir_all(&new).map_err(|source| at(&new, source))?;
        let bytes = {
            let state = self.state();
            let databases: Vec<(String, String)> = state.databases.places().cloned().collect();
            for place in &databases {
                let file = new.join(database_file(place));
                let saved = state.databases.save(place, &file.to_string_lossy());
                saved.map_err(|error| database_error(&file, &error))?;
            }
            let saving = Saving {
                format: FORMAT,
                databases,
                state: &state,
            };
            rmp_serde::to_vec_named(&saving)?
        };
        // The world goes on while its file is written.
        let file = new.join(FILE);
        write(&file, &bytes).map_err(|source| at(&file, source))?;
        let (world, old) = (folder.join(WORLD), folder.join(OLD));
        // Without a world the old one is the only whole one, and stays until there is another.
        if world.exists() {
            remove(&old)?;
            fs::rename(&world, &old).map_err(|source| at(&world, source))?;
        }
        fs::rename(&new, &world).map_err(|source| at(&new, source))?;
        remove(&old)
    }

    /// Reads the world that is saved in a folder; none where none is.
    ///
    /// # Errors
    /// Where what is there can't be read, or has another format.
    pub fn load(folder: &Path) -> Result<Option<Self>, SaveError> {
        let found = [WORLD, OLD].iter().map(|name| folder.join(name));
        let Some(found) = found.into_iter().find(|path| path.join(FILE).exists()) else {
            return Ok(None);
        };
        let path = found.join(FILE);
        let bytes = fs::read(&path).map_err(|source| at(&path, source))?;
        let decode = |source| SaveError::Decode {
            path: path.clone(),
            source,
        };
        let head: Head = rmp_serde::from_slice(&bytes).map_err(decode)?;
        if head.format != FORMAT {
            let found = head.format;
            return Err(SaveError::Format { path, found });
        }
        let saved: Saved = rmp_serde::from_slice(&bytes).map_err(decode)?;
        let mut state = saved.state;
        let clock = state.clock.clone();
        for place in saved.databases {
            let file = found.join(database_file(&place));
            let loaded = state.databases.load(place, &file.to_string_lossy(), &clock);
            loaded.map_err(|error| database_error(&file, &error))?;
        }
        Ok(Some(Self::of(state)))
    }
}

fn database_file((account, region): &(String, String)) -> String {
    format!("dynamodb-{account}-{region}.db")
}

fn database_error(path: &Path, error: &DynoxideError) -> SaveError {
    SaveError::Database {
        path: path.to_owned(),
        problem: error.to_string(),
    }
}

fn at(path: &Path, source: io::Error) -> SaveError {
    SaveError::File {
        path: path.to_owned(),
        source,
    }
}

/// Writes a file that is there after the machine went down, too.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove(folder: &Path) -> Result<(), SaveError> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(at(folder, source)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;
    use crate::{FaultKind, NewImage, PlannedFault};

    const OWNER: &str = "111111111111";
    const HERE: &str = "us-east-1";

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("amiary-saved-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).expect("a folder");
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn copying() -> (World, String) {
        let world = World::new(3);
        let source = world.publish_image(NewImage::new(OWNER, HERE, "golden"));
        world.create_topic(OWNER, HERE, "topic");
        world.create_key(OWNER, HERE, "alias/golden");
        let copy = world.perform(
            OWNER,
            "eu-west-1",
            "ec2",
            "CopyImage",
            json!({"Name": "copy", "SourceImageId": source, "SourceRegion": HERE, "ClientToken": "t"}),
        );
        let copy = copy.expect("a copy")["ImageId"].clone();
        (world, copy.as_str().expect("an id").to_owned())
    }

    #[test]
    fn what_is_under_way_goes_on_after_a_restart() {
        let folder = Folder::new("restart");
        let (world, copy) = copying();
        world.save(&folder.0).expect("it is saved");
        world.save(&folder.0).expect("it is saved again");
        let again = World::load(&folder.0)
            .expect("it is readable")
            .expect("it is there");
        assert_eq!(again.now(), world.now());
        for world in [&world, &again] {
            world.advance(SignedDuration::from_hours(1));
        }
        let arrived = again.image(OWNER, "eu-west-1", &copy);
        assert_eq!(arrived.as_ref().expect("the copy").state, "available");
        assert_eq!(arrived, world.image(OWNER, "eu-west-1", &copy));
        let next = |world: &World| world.publish_image(NewImage::new(OWNER, HERE, "golden-2"));
        assert_eq!(next(&again), next(&world), "ids go on as they would have");
    }

    #[test]
    fn a_copy_that_is_to_fail_does_so_after_a_restart_and_draws_go_on_from_the_seed() {
        let folder = Folder::new("faults");
        let (world, copy) = copying();
        world.state().faults.fail_copy(&copy, "no room");
        world.save(&folder.0).expect("it is saved");
        let again = World::load(&folder.0)
            .expect("it is readable")
            .expect("it is there");
        for world in [&world, &again] {
            world.plan_fault(PlannedFault::new(FaultKind::throttled()).by_chance(0.5));
        }
        let faults = |world: &World| format!("{:?}", world.state().faults);
        assert_eq!(faults(&again), faults(&world));
        again.advance(SignedDuration::from_hours(1));
        let failed = again.image(OWNER, "eu-west-1", &copy).expect("the copy");
        assert_eq!(failed.state, "failed");
    }

    #[test]
    fn an_empty_folder_holds_no_world_and_another_format_is_refused() {
        let folder = Folder::new("format");
        assert!(World::load(&folder.0).expect("readable").is_none());
        World::new(1).save(&folder.0).expect("it is saved");
        let file = folder.0.join(WORLD).join(FILE);
        fs::write(
            &file,
            rmp_serde::to_vec_named(&json!({"format": 99})).expect("bytes"),
        )
        .expect("a file");
        let refused = World::load(&folder.0).expect_err("it is refused");
        assert!(
            matches!(refused, SaveError::Format { found: 99, .. }),
            "{refused}"
        );
        fs::write(&file, b"nonsense").expect("a file");
        assert!(World::load(&folder.0).is_err());
    }

    #[test]
    fn whoever_is_stopped_in_the_middle_leaves_a_whole_world() {
        let folder = Folder::new("middle");
        World::new(1).save(&folder.0).expect("it is saved");
        fs::rename(folder.0.join(WORLD), folder.0.join(OLD)).expect("moved");
        fs::create_dir_all(folder.0.join(NEW)).expect("a folder");
        assert!(World::load(&folder.0).expect("readable").is_some());
    }

    #[test]
    fn an_old_world_stays_until_a_new_one_is_in_its_place() {
        let folder = Folder::new("old");
        World::beginning_at(1, "2026-02-01T00:00:00Z".parse().expect("a time"))
            .save(&folder.0)
            .expect("it is saved");
        fs::rename(folder.0.join(WORLD), folder.0.join(OLD)).expect("moved");
        World::beginning_at(1, "2026-03-01T00:00:00Z".parse().expect("a time"))
            .save(&folder.0)
            .expect("it is saved");
        let world = World::load(&folder.0).expect("readable").expect("there");
        assert_eq!(world.now().to_string(), "2026-03-01T00:00:00Z");
        assert!(!folder.0.join(OLD).exists());
    }
}
