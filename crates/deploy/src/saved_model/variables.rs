//! Weights as TensorFlow's resource variables: handles, initialisers, the saver that restores them, and the collections
//! that Python lists them by. The layout is that of `tf.compat.v1.train.Saver`, which every loader of SavedModels reads.

use std::collections::BTreeMap;

use model::{Plan, TensorPlan};
use prost::Message;

use super::graph::{Graph, Output};
use crate::proto::{
    Attr, AttrList, BytesList, Collection, DT_FLOAT, DT_INT32, DT_STRING, Saver, TensorShape,
    VariableDef,
};

/// The variables of a graph, in the order of the plan's tensors.
pub(super) struct Variables {
    names: Vec<String>,
    handles: Vec<Output>,
    reads: Vec<Output>,
    definitions: Vec<VariableDef>,
}

impl Variables {
    /// Declares one variable for each tensor of `plan`, under its name.
    pub fn declare(graph: &mut Graph, plan: &Plan) -> Self {
        let mut variables = Self {
            names: Vec::new(),
            handles: Vec::new(),
            reads: Vec::new(),
            definitions: Vec::new(),
        };
        for tensor in &plan.tensors {
            variables.declare_one(graph, tensor);
        }
        variables
    }

    fn declare_one(&mut self, graph: &mut Graph, tensor: &TensorPlan) {
        let name = tensor.name.as_str();
        let dtype = || ("dtype", Attr::Type(DT_FLOAT));
        let shape = Attr::Shape(TensorShape::of(&tensor.shape));
        let shared_name = ("shared_name", Attr::text(name));
        let handle = graph.add(
            name,
            "VarHandleOp",
            &[],
            [dtype(), ("shape", shape), shared_name],
        );
        assert_eq!(handle.node(), name, "names of tensors differ");
        let (initial, initializer, read) = graph.within(name, |graph| {
            let dims: Vec<i32> = tensor.shape.iter().map(|&size| size as i32).collect();
            let dims = graph.integers("Initializer/dims", &[dims.len()], &dims);
            let zero = graph.numbers("Initializer/zero", super::graph::Float::Single, &[], &[0.0]);
            let fill = [
                ("T", Attr::Type(DT_FLOAT)),
                ("index_type", Attr::Type(DT_INT32)),
            ];
            let initial = graph.add("Initializer/zeros", "Fill", &[&dims, &zero], fill);
            let assign = graph.add(
                "Assign",
                "AssignVariableOp",
                &[&handle, &initial],
                [dtype()],
            );
            let read = graph.add(
                "Read/ReadVariableOp",
                "ReadVariableOp",
                &[&handle],
                [dtype()],
            );
            (initial, assign, read)
        });
        self.definitions.push(VariableDef {
            variable_name: handle.tensor(),
            initializer_name: initializer.node().to_owned(),
            snapshot_name: read.tensor(),
            is_resource: true,
            initial_value_name: initial.tensor(),
            trainable: tensor.role.trainable(),
        });
        self.names.push(name.to_owned());
        self.handles.push(handle);
        self.reads.push(read);
    }

    /// Value of the tensor at `index` of the plan.
    pub fn read(&self, index: usize) -> &Output {
        &self.reads[index]
    }

    /// `variables` and `trainable_variables`.
    pub fn collections(&self) -> BTreeMap<String, Collection> {
        let collection = |definitions: &mut dyn Iterator<Item = &VariableDef>| Collection {
            bytes_list: Some(BytesList {
                value: definitions.map(Message::encode_to_vec).collect(),
            }),
        };
        let all = collection(&mut self.definitions.iter());
        let trainable = collection(&mut self.definitions.iter().filter(|v| v.trainable));
        BTreeMap::from([
            ("variables".to_owned(), all),
            ("trainable_variables".to_owned(), trainable),
        ])
    }

    /// Adds the operations that save and restore the variables.
    pub fn add_saver(&self, graph: &mut Graph) -> Saver {
        graph.within("save", |graph| {
            let dtype = || ("dtype", Attr::Type(DT_STRING));
            let shape = || ("shape", Attr::Shape(TensorShape::of(&[])));
            let default = graph.texts("filename/input", &[], &["model"]);
            let filename = graph.add(
                "filename",
                "PlaceholderWithDefault",
                &[&default],
                [dtype(), shape()],
            );
            let count = self.names.len();
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            let names = graph.texts("tensor_names", &[count], &names);
            let slices = graph.texts("shape_and_slices", &[count], &vec![""; count]);
            let dtypes = || {
                let list = AttrList {
                    i: Vec::new(),
                    types: vec![DT_FLOAT; count],
                };
                [("dtypes", Attr::List(list))]
            };
            let mut saved = vec![&filename, &names, &slices];
            saved.extend(&self.reads);
            let save = graph.add("SaveV2", "SaveV2", &saved, dtypes());
            let saved = graph.add(
                "control_dependency",
                "Identity",
                &[&filename, &save.as_control()],
                [("T", Attr::Type(DT_STRING))],
            );
            let restored = graph.add(
                "RestoreV2",
                "RestoreV2",
                &[&filename, &names, &slices],
                dtypes(),
            );
            let mut assigned = Vec::new();
            for (i, handle) in self.handles.iter().enumerate() {
                let value = restored.number(i);
                let attrs = [("dtype", Attr::Type(DT_FLOAT))];
                let assign = graph.add("Assign", "AssignVariableOp", &[handle, &value], attrs);
                assigned.push(assign.as_control());
            }
            let assigned: Vec<&Output> = assigned.iter().collect();
            let restore = graph.add("restore_all", "NoOp", &assigned, []);
            Saver {
                filename_tensor_name: filename.tensor(),
                save_tensor_name: saved.tensor(),
                restore_op_name: restore.node().to_owned(),
                version: 2,
            }
        })
    }
}
