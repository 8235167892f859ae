//! Which operation a method, a path and a query lead to:
//! <https://smithy.io/2.0/spec/http-bindings.html#http-trait>.

use crate::wire::model::{Http, Operation, Service};

/// An operation, and what stands in its path's labels, still encoded.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    pub(crate) name: &'a str,
    pub(crate) operation: &'a Operation,
    pub(crate) labels: Vec<(&'a str, &'a str)>,
    /// The query parameters that chose the operation.
    pub(crate) literals: Vec<&'a str>,
}

/// The operation whose pattern fits; of several, the one that names most of the query.
pub(crate) fn find<'a>(
    service: &'a Service,
    method: &str,
    path: &'a str,
    query: &[(String, String)],
) -> Option<Route<'a>> {
    let fits = |(name, operation): (&'a String, &'a Operation)| {
        let http = operation
            .http
            .as_ref()
            .filter(|http| http.method == method)?;
        let (labels, literals) = fit(http, path, query)?;
        Some(Route {
            name,
            operation,
            labels,
            literals,
        })
    };
    let routes = service.operations.iter().filter_map(fits);
    routes.max_by_key(|route| route.literals.len())
}

type Fit<'a> = (Vec<(&'a str, &'a str)>, Vec<&'a str>);

fn fit<'a>(http: &'a Http, path: &'a str, query: &[(String, String)]) -> Option<Fit<'a>> {
    let uri = http.request_uri.as_str();
    let (pattern, wanted) = uri.split_once('?').unwrap_or((uri, ""));
    let mut literals = Vec::new();
    for literal in wanted.split('&').filter(|literal| !literal.is_empty()) {
        let (name, value) = literal.split_once('=').unwrap_or((literal, ""));
        if !query.iter().any(|(key, held)| key == name && held == value) {
            return None;
        }
        literals.push(name);
    }
    Some((labels(pattern, path)?, literals))
}

/// What stands in a pattern's labels. One slash too many at the end is overlooked.
fn labels<'a>(pattern: &'a str, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut left = path.strip_prefix('/')?;
    let mut found = Vec::new();
    for part in pattern.strip_prefix('/')?.split('/') {
        let label = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        if let Some(greedy) = label.and_then(|label| label.strip_suffix('+')) {
            found.push((greedy, left));
            return (!left.is_empty()).then_some(found);
        }
        let (segment, rest) = left.split_once('/').unwrap_or((left, ""));
        match label {
            Some(label) if !segment.is_empty() => found.push((label, segment)),
            None if part == segment => {}
            _ => return None,
        }
        left = rest;
    }
    left.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model;

    fn led(service: &str, method: &str, path: &str, query: &[(&str, &str)]) -> Option<String> {
        let service = model::service(service).expect("a service");
        let query: Vec<(String, String)> = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        find(service, method, path, &query).map(|route| route.name.to_owned())
    }

    #[test]
    fn paths_and_queries_lead_to_operations() {
        let none: &[(&str, &str)] = &[];
        for (method, path, query, operation) in [
            ("GET", "/", none, Some("ListBuckets")),
            ("GET", "/b", none, Some("ListObjects")),
            ("GET", "/b/", &[("prefix", "x")][..], Some("ListObjects")),
            ("GET", "/b", &[("list-type", "2")], Some("ListObjectsV2")),
            ("GET", "/b", &[("location", "")], Some("GetBucketLocation")),
            ("GET", "/b/k", none, Some("GetObject")),
            ("HEAD", "/b/k/l/", none, Some("HeadObject")),
            ("PUT", "/b//k", none, Some("PutObject")),
            ("POST", "/b", &[("delete", "")], Some("DeleteObjects")),
            ("POST", "/b", none, None),
            ("PATCH", "/b", none, None),
            ("DELETE", "/", none, None),
        ] {
            let found = led("s3", method, path, query);
            assert_eq!(found.as_deref(), operation, "{method} {path} {query:?}");
        }
        assert_eq!(
            led("rbin", "PATCH", "/rules/x/lock", &[]).as_deref(),
            Some("LockRule")
        );
        assert_eq!(
            led("rbin", "PATCH", "/rules/x", &[]).as_deref(),
            Some("UpdateRule")
        );
        assert_eq!(led("rbin", "PATCH", "/rules//lock", &[]), None);
    }

    #[test]
    fn a_greedy_label_holds_all_that_is_left() {
        assert_eq!(
            labels("/{Bucket}/{Key+}", "/b/k/l/"),
            Some(vec![("Bucket", "b"), ("Key", "k/l/")])
        );
        assert_eq!(
            labels("/{Bucket}/{Key+}", "/b//k"),
            Some(vec![("Bucket", "b"), ("Key", "/k")])
        );
        assert_eq!(labels("/{Bucket}/{Key+}", "/b/"), None);
    }
}
