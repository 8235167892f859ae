//! Keys, recipes, objects and parameters.

use serde_json::{Value, json};

use crate::session::{ACCOUNTS, REGIONS, Session};

impl Session<'_> {
    pub(super) fn tour_keys(&mut self, key: &Value) {
        let alias = json!({ "AliasName": "alias/tour", "TargetKeyId": key });
        self.tell(("kms", "CreateAlias"), alias.clone());
        self.tell(("kms", "UpdateAlias"), alias);
        for operation in [
            "GetKeyPolicy",
            "ListKeyPolicies",
            "ListGrants",
            "ListResourceTags",
        ] {
            self.tell(("kms", operation), json!({ "KeyId": key }));
        }
        let root = format!("arn:aws:iam::{}:root", ACCOUNTS[0]);
        for operation in ["RetireGrant", "RevokeGrant"] {
            let grant = json!({
                "KeyId": key, "GranteePrincipal": root, "RetiringPrincipal": root,
                "Operations": ["Decrypt"],
            });
            let grant = self.tell(("kms", "CreateGrant"), grant)["GrantId"].clone();
            let principal = json!({ "RetiringPrincipal": root });
            self.tell(("kms", "ListRetirableGrants"), principal);
            let grant = json!({ "KeyId": key, "GrantId": grant });
            self.tell(("kms", operation), grant);
        }
        let many = self.tell(("kms", "CreateKey"), json!({ "MultiRegion": true }));
        let many = &many["KeyMetadata"]["KeyId"];
        let there = json!({ "KeyId": many, "ReplicaRegion": REGIONS[1] });
        self.tell(("kms", "ReplicateKey"), there);
        self.pass(1);
        let there = json!({ "KeyId": many, "PrimaryRegion": REGIONS[1] });
        self.tell(("kms", "UpdatePrimaryRegion"), there);
        let going = self.tell(("kms", "CreateKey"), json!({}));
        let going = json!({ "KeyId": going["KeyMetadata"]["KeyId"] });
        self.tell(("kms", "ScheduleKeyDeletion"), going.clone());
        self.tell(("kms", "CancelKeyDeletion"), going);
    }

    pub(super) fn tour_recipes(&mut self, image: &Value) {
        let component = format!(
            "arn:aws:imagebuilder:{}:aws:component/update-linux/1.0.2/1",
            REGIONS[0]
        );
        let recipe = json!({
            "name": "web", "semanticVersion": "1.0.0", "parentImage": image,
            "components": [{ "componentArn": component }], "clientToken": "tour-1",
        });
        let recipe = self.tell(("imagebuilder", "CreateImageRecipe"), recipe);
        let recipe = json!({ "imageRecipeArn": recipe["imageRecipeArn"] });
        for operation in ["GetImageRecipe", "DeleteImageRecipe"] {
            self.tell(("imagebuilder", operation), recipe.clone());
        }
    }

    pub(super) fn tour_objects(&mut self) {
        let object = json!({ "Bucket": "tour", "Key": "a" });
        self.tell(("s3", "CreateBucket"), json!({ "Bucket": "tour" }));
        let mut put = object.clone();
        put["Body"] = json!("text");
        self.tell(("s3", "PutObject"), put);
        self.tell(("s3", "GetObject"), object.clone());
        self.tell(("s3", "HeadObject"), object.clone());
        self.tell(("s3", "DeleteObject"), object);
        for operation in ["HeadBucket", "GetBucketLocation"] {
            self.tell(("s3", operation), json!({ "Bucket": "tour" }));
        }
        let gone = json!({ "Objects": [{ "Key": "a" }] });
        self.tell(
            ("s3", "DeleteObjects"),
            json!({ "Bucket": "tour", "Delete": gone }),
        );
    }

    pub(super) fn tour_parameters(&mut self) {
        for (operation, parameters) in [
            (
                "PutParameter",
                json!({ "Name": "/tour/a", "Value": "b", "Type": "String" }),
            ),
            ("GetParameter", json!({ "Name": "/tour/a" })),
            (
                "LabelParameterVersion",
                json!({ "Name": "/tour/a", "Labels": ["good"] }),
            ),
            ("GetParameterHistory", json!({ "Name": "/tour/a" })),
            ("GetParametersByPath", json!({ "Path": "/tour" })),
            ("DeleteParameter", json!({ "Name": "/tour/a" })),
        ] {
            self.tell(("ssm", operation), parameters);
        }
    }
}
