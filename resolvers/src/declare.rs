//! The declarations that objects, lists and mutations are made from.
//!
//! An edge stands once, in its object's `aggregate!`: name, target, and the key of the look-up
//! that finds it, from which both the resolver and its batches follow.

/// Declares an aggregate's object: its own fields, then its edges.
///
/// - `fields`: getters over `self.0`, the model.
/// - `reach`, for what carries a change: `by |model| CommitKey`.
/// - `parts`, when there are any: few objects that the model holds and that lead on,
///   `name: Object by |model| Vec<Object>`.
/// - `one`: an edge to at most one object, `name: Object by |model| Option<Lookup>`.
/// - `many`: an edge to few objects, `name: Object by |model| Vec<Lookup of Vec>`.
/// - `each`, when there are any: an edge to few objects of which the model knows each,
///   `name: Object by |model| Vec<Lookup>`.
/// - `lists`: a connection, `name: Object in Children by |model| parent`.
macro_rules! aggregate {
    (
        $(#[$($doc:tt)*])*
        $object:ident($model:ty);
        fields { $($fields:tt)* }
        $(reach by $reach_key:expr;)?
        $(parts { $($(#[$($part_doc:tt)*])* $part:ident: $part_of:ident by $parts:expr;)* })?
        one { $($(#[$($one_doc:tt)*])* $one:ident: $one_to:ident by $one_key:expr;)* }
        many { $($(#[$($many_doc:tt)*])* $many:ident: $many_to:ident by $many_keys:expr;)* }
        $(each { $($(#[$($each_doc:tt)*])* $each:ident: $each_to:ident by $each_keys:expr;)* })?
        lists { $($(#[$($list_doc:tt)*])* $list:ident: $list_of:ident in $children:ident by $parent:expr;)* }
    ) => {
        $(#[$($doc)*])*
        #[derive(Debug, Clone)]
        pub struct $object(pub(crate) ::std::sync::Arc<$model>);

        impl From<::std::sync::Arc<$model>> for $object {
            fn from(model: ::std::sync::Arc<$model>) -> Self {
                Self(model)
            }
        }

        $(#[$($doc)*])*
        #[::async_graphql::Object]
        impl $object {
            /// Global id; `node` finds the object by it.
            pub(crate) async fn id(&self) -> ::async_graphql::ID {
                self.0.id.to_string().into()
            }
            /// The tenant that owns it.
            pub(crate) async fn tenant_id(&self) -> ::async_graphql::ID {
                self.0.meta.tenant_id.as_str().into()
            }
            /// The project that owns it.
            pub(crate) async fn project_id(&self) -> ::async_graphql::ID {
                self.0.meta.project_id.as_str().into()
            }
            /// The module that it belongs to, when known.
            pub(crate) async fn module_id(&self) -> Option<::async_graphql::ID> {
                self.0.meta.module_id.as_ref().map(|id| id.as_str().into())
            }
            /// 1 when made, one more with each change; hand it back as `expectedVersion`.
            pub(crate) async fn version(&self) -> i64 {
                self.0.meta.version
            }
            /// When it was made.
            pub(crate) async fn created_at(&self) -> ::chrono::DateTime<::chrono::Utc> {
                self.0.meta.created_at
            }
            /// When it last changed.
            pub(crate) async fn updated_at(&self) -> ::chrono::DateTime<::chrono::Utc> {
                self.0.meta.updated_at
            }
            /// Who made it: the subject of a token, or the name of a reacting service.
            pub(crate) async fn created_by(&self) -> &str {
                &self.0.meta.created_by
            }
            /// Who last changed it: the subject of a token, or the name of a reacting service.
            pub(crate) async fn updated_by(&self) -> &str {
                &self.0.meta.updated_by
            }
            /// Trace of the request that made it.
            pub(crate) async fn trace_id(&self) -> &str {
                &self.0.meta.trace_id
            }
            /// Where it came from and what came of it; null for the moment until the ledger has
            /// heard of it. Each object of a list is followed by itself.
            #[graphql(complexity = "child_complexity + crate::lineage::WEIGHT")]
            pub(crate) async fn lineage(
                &self,
                context: &::async_graphql::Context<'_>,
                #[graphql(desc = "Which way.", default)]
                direction: $crate::lineage::LineageDirection,
                #[graphql(desc = "At most so many edges away, 1 to 50.", default = 20)]
                max_depth: u32,
                #[graphql(desc = "Only nodes of these kinds, and edges between them; all when absent.")]
                kinds: Option<Vec<$crate::lineage::LineageKind>>,
            ) -> $crate::fault::Result<Option<$crate::lineage::LineageGraph>> {
                let call = $crate::loaders::Call::of(context)?;
                $crate::lineage::lineage(call, self.0.id.to_string(), direction, max_depth, kinds)
                    .await
            }
            /// What happened to it: the events about it.
            #[graphql(complexity = "crate::paging::cost(first, last, child_complexity)")]
            #[allow(clippy::too_many_arguments, reason = "the arguments of a list")]
            pub(crate) async fn history(
                &self,
                context: &::async_graphql::Context<'_>,
                #[graphql(desc = "At most so many from the start, 1 to 200; 20 when neither `first` nor `last` is given.")]
                first: Option<i32>,
                #[graphql(desc = "Only what stands after this cursor.")] after: Option<String>,
                #[graphql(desc = "At most so many from the end, 1 to 200; not together with `first`.")]
                last: Option<i32>,
                #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
                #[graphql(desc = "Only what matches.")]
                filter: Option<$crate::ledger::LedgerEventFilter>,
                #[graphql(desc = "Sorted by what; the newest first when absent.")]
                order_by: Option<$crate::ledger::LedgerEventOrder>,
            ) -> $crate::fault::Result<$crate::paging::Connection<$crate::ledger::LedgerEvent>> {
                let call = $crate::loaders::Call::of(context)?;
                let page = ::sluice_kernel::PageArgs { first, last, after, before };
                $crate::ledger::history(call, self.0.id.to_string(), page, filter, order_by).await
            }

            $($fields)*

            $(
            /// Where its change has got to: one entry for each environment and module of the
            /// repository, in the order in which environments were defined; null for the moment
            /// until the ledger has heard of it. Each object of a list is followed by itself.
            #[graphql(complexity = "10 * child_complexity + crate::reach::WEIGHT")]
            async fn reach(
                &self,
                context: &::async_graphql::Context<'_>,
            ) -> $crate::fault::Result<Option<Vec<$crate::reach::EnvironmentReach>>> {
                let key: fn(&$model) -> ::sluice_ledger::CommitKey = $reach_key;
                $crate::reach::reach($crate::loaders::Call::of(context)?, key(&self.0)).await
            })?

            $($($(#[$($part_doc)*])*
            #[graphql(complexity = "5 * child_complexity + 1")]
            async fn $part(&self) -> Vec<$part_of> {
                let parts: fn(&$model) -> Vec<$part_of> = $parts;
                parts(&self.0)
            })*)?

            $($(#[$($one_doc)*])*
            async fn $one(
                &self,
                context: &::async_graphql::Context<'_>,
            ) -> $crate::fault::Result<Option<$one_to>> {
                let key: fn(&$model) -> Option<_> = $one_key;
                let found = $crate::loaders::Call::of(context)?.one(key(&self.0)).await?;
                Ok(found.map($one_to))
            })*

            $($(#[$($many_doc)*])*
            #[graphql(complexity = "10 * child_complexity + 1")]
            async fn $many(
                &self,
                context: &::async_graphql::Context<'_>,
            ) -> $crate::fault::Result<Vec<$many_to>> {
                let keys: fn(&$model) -> Vec<_> = $many_keys;
                let found = $crate::loaders::Call::of(context)?.several(keys(&self.0)).await?;
                Ok(found.into_iter().flatten().map($many_to).collect())
            })*

            $($($(#[$($each_doc)*])*
            #[graphql(complexity = "10 * child_complexity + 1")]
            async fn $each(
                &self,
                context: &::async_graphql::Context<'_>,
            ) -> $crate::fault::Result<Vec<$each_to>> {
                let keys: fn(&$model) -> Vec<_> = $each_keys;
                let found = $crate::loaders::Call::of(context)?.several(keys(&self.0)).await?;
                Ok(found.into_iter().map($each_to).collect())
            })*)?

            $($(#[$($list_doc)*])*
            #[graphql(complexity = "crate::paging::cost(first, last, child_complexity)")]
            #[allow(clippy::too_many_arguments, reason = "the arguments of a list")]
            async fn $list(
                &self,
                context: &::async_graphql::Context<'_>,
                #[graphql(desc = "At most so many from the start, 1 to 200; 20 when neither `first` nor `last` is given.")]
                first: Option<i32>,
                #[graphql(desc = "Only what stands after this cursor.")] after: Option<String>,
                #[graphql(desc = "At most so many from the end, 1 to 200; not together with `first`.")]
                last: Option<i32>,
                #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
                #[graphql(desc = "Only what matches.")]
                filter: Option<<$list_of as $crate::paging::Listed>::FilterInput>,
                #[graphql(desc = "Sorted by what; the newest first when absent.")]
                order_by: Option<<$list_of as $crate::paging::Listed>::OrderInput>,
            ) -> $crate::fault::Result<$crate::paging::Connection<$list_of>> {
                let parent: fn(&$model) -> <$children as $crate::paging::Children>::Parent = $parent;
                let call = $crate::loaders::Call::of(context)?;
                let page = ::sluice_kernel::PageArgs { first, last, after, before };
                $crate::paging::below::<$children>(call, parent(&self.0), page, filter, order_by).await
            })*
        }
    };
}
pub(crate) use aggregate;

/// Declares an object that is part of an answer and leads on, without an id of its own: a value,
/// its getters over `self.0`, and its edges as in `aggregate!`.
macro_rules! record {
    ($(
        $(#[$($doc:tt)*])*
        $object:ident($model:ty);
        fields { $($fields:tt)* }
        one { $($(#[$($one_doc:tt)*])* $one:ident: $one_to:ident by $one_key:expr;)* }
    )*) => {$(
        $(#[$($doc)*])*
        #[derive(Debug, Clone)]
        pub struct $object(pub(crate) $model);

        $(#[$($doc)*])*
        #[::async_graphql::Object]
        impl $object {
            $($fields)*

            $($(#[$($one_doc)*])*
            async fn $one(
                &self,
                context: &::async_graphql::Context<'_>,
            ) -> $crate::fault::Result<Option<$one_to>> {
                let key: fn(&$model) -> Option<_> = $one_key;
                let found = $crate::loaders::Call::of(context)?.one(key(&self.0)).await?;
                Ok(found.map($one_to))
            })*
        }
    )*};
}
pub(crate) use record;

/// Declares the queries of an aggregate: the object by its id, the list, and others.
macro_rules! queries {
    (
        $(#[$($doc:tt)*])*
        $root:ident;
        $(#[$($one_doc:tt)*])* one $one:ident: $object:ident by $lookup:ident;
        $(#[$($list_doc:tt)*])* list $list:ident;
        also { $($also:tt)* }
    ) => {
        $(#[$($doc)*])*
        #[derive(Debug, Default)]
        pub struct $root;

        $(#[$($doc)*])*
        #[::async_graphql::Object]
        impl $root {
            $(#[$($one_doc)*])*
            async fn $one(
                &self,
                context: &::async_graphql::Context<'_>,
                #[graphql(desc = "The global id.")] id: ::async_graphql::ID,
            ) -> $crate::fault::Result<Option<$object>> {
                let call = $crate::loaders::Call::of(context)?;
                let id = $crate::fault::id("id", &id).map_err(|fault| call.failure(fault))?;
                Ok(call.one(Some($lookup(id))).await?.map($object))
            }

            $(#[$($list_doc)*])*
            #[graphql(complexity = "crate::paging::cost(first, last, child_complexity)")]
            #[allow(clippy::too_many_arguments, reason = "the arguments of a list")]
            async fn $list(
                &self,
                context: &::async_graphql::Context<'_>,
                #[graphql(desc = "At most so many from the start, 1 to 200; 20 when neither `first` nor `last` is given.")]
                first: Option<i32>,
                #[graphql(desc = "Only what stands after this cursor.")] after: Option<String>,
                #[graphql(desc = "At most so many from the end, 1 to 200; not together with `first`.")]
                last: Option<i32>,
                #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
                #[graphql(desc = "Only what matches.")]
                filter: Option<<$object as $crate::paging::Listed>::FilterInput>,
                #[graphql(desc = "Sorted by what; the newest first when absent.")]
                order_by: Option<<$object as $crate::paging::Listed>::OrderInput>,
            ) -> $crate::fault::Result<$crate::paging::Connection<$object>> {
                let call = $crate::loaders::Call::of(context)?;
                let page = ::sluice_kernel::PageArgs { first, last, after, before };
                $crate::paging::top::<$object>(call, page, filter, order_by).await
            }

            $($also)*
        }
    };
}
pub(crate) use queries;

/// Declares how a service pages through its aggregate, and the inputs of its lists; see
/// `ordered` for the rest.
macro_rules! listed {
    (
        $object:ident($model:ty) from $service:ident;
        $($inputs:tt)*
    ) => {
        $crate::declare::ordered! { $object($model); $($inputs)* }

        impl $crate::paging::Paged for $object {
            async fn page(
                services: &$crate::Services,
                ctx: &::sluice_kernel::Ctx,
                args: &$crate::paging::ListArgs<Self>,
            ) -> ::std::result::Result<
                ::sluice_kernel::Page<::std::sync::Arc<$model>>,
                ::sluice_schema::BoxFault,
            > {
                let service = &services.$service;
                Ok(service.page(ctx, &args.filter, args.order, &args.request).await?)
            }

            async fn count(
                services: &$crate::Services,
                ctx: &::sluice_kernel::Ctx,
                filter: &Self::Filter,
            ) -> ::std::result::Result<u64, ::sluice_schema::BoxFault> {
                Ok(services.$service.count(ctx, filter).await?)
            }
        }
    };
}
pub(crate) use listed;

/// Declares the inputs of lists, for objects that are listed below others alone.
///
/// `unasked` is how a list is sorted that nobody asked to be sorted, when not the newest first.
macro_rules! ordered {
    (
        $object:ident($model:ty);
        filter $filter:ident -> $service_filter:ty;
        order $order:ident, $field:ident -> $service_order:ty {
            $($(#[$($doc:tt)*])* $variant:ident,)*
        }
        $(unasked $unasked:expr;)?
    ) => {
        #[doc = concat!("What a list of `", stringify!($object), "` can be sorted by.")]
        #[derive(::async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $field { $($(#[$($doc)*])* $variant,)* }

        #[doc = concat!("How a list of `", stringify!($object), "` is sorted.")]
        #[derive(::async_graphql::InputObject, Debug, Clone, Copy)]
        pub struct $order {
            /// Sorted by what.
            pub field: $field,
            /// Which way; `ASC` when absent.
            #[graphql(default)]
            pub direction: $crate::scalars::OrderDirection,
        }

        impl From<$order> for ($service_order, ::sluice_kernel::Direction) {
            fn from(order: $order) -> Self {
                let field = match order.field {
                    $($field::$variant => <$service_order>::$variant,)*
                };
                (field, order.direction.into())
            }
        }

        impl $crate::paging::Listed for $object {
            type Model = $model;
            type Filter = $service_filter;
            type Order = $service_order;
            type FilterInput = $filter;
            type OrderInput = $order;

            fn order_name(order: Self::Order) -> &'static str {
                order.name()
            }

            $(fn unasked() -> (Self::Order, ::sluice_kernel::Direction) {
                $unasked
            })?
        }
    };
}
pub(crate) use ordered;

/// Declares lists below parents by a service's methods for pages and counts of many parents.
macro_rules! children {
    ($(
        $(#[$($doc:tt)*])*
        $name:ident: $parent:ty => $item:ident = $service:ident.$pages:ident, $counts:ident;
    )*) => {$(
        $(#[$($doc)*])*
        pub enum $name {}

        impl $crate::paging::Children for $name {
            type Parent = $parent;
            type Item = $item;

            async fn pages(
                services: &$crate::Services,
                ctx: &::sluice_kernel::Ctx,
                parents: &[$parent],
                args: &$crate::paging::ListArgs<$item>,
            ) -> ::std::result::Result<$crate::paging::ModelPages<Self>, ::sluice_schema::BoxFault> {
                let service = &services.$service;
                Ok(service.$pages(ctx, parents, &args.filter, args.order, &args.request).await?)
            }

            async fn counts(
                services: &$crate::Services,
                ctx: &::sluice_kernel::Ctx,
                parents: &[$parent],
                filter: &<$item as $crate::paging::Listed>::Filter,
            ) -> ::std::result::Result<
                ::std::collections::HashMap<$parent, u64>,
                ::sluice_schema::BoxFault,
            > {
                Ok(services.$service.$counts(ctx, parents, filter).await?)
            }
        }
    )*};
}
pub(crate) use children;

/// Declares mutations: each calls one command of one service and answers its object, and what
/// else it led to: `name: Object by |call, model| Lookup`.
macro_rules! mutations {
    (
        $(#[$($doc:tt)*])*
        $root:ident;
        $(
            $(#[$($command_doc:tt)*])*
            $method:ident($input:ident) -> $payload:ident {
                $(#[$($object_doc:tt)*])* $field:ident: $object:ident
                $(, $(#[$($beside_doc:tt)*])* $beside:ident: $beside_object:ident by $beside_key:expr)?
            } = $service:ident.$command:ident;
        )*
    ) => {
        $(
            #[doc = concat!("What `", stringify!($input), "` led to.")]
            #[derive(::async_graphql::SimpleObject, Debug)]
            pub struct $payload {
                $(#[$($object_doc)*])*
                pub $field: Option<$object>,
                $($(#[$($beside_doc)*])*
                pub $beside: Option<$beside_object>,)?
                /// Whether the command had been carried out before, so that this call changed
                /// nothing.
                pub replayed: bool,
                /// Why the domain refused; empty when the command took effect.
                pub user_errors: Vec<$crate::fault::UserError>,
            }
        )*

        $(#[$($doc)*])*
        #[derive(Debug, Default)]
        pub struct $root;

        $(#[$($doc)*])*
        #[::async_graphql::Object]
        impl $root {
            $(
                $(#[$($command_doc)*])*
                async fn $method(
                    &self,
                    context: &::async_graphql::Context<'_>,
                    #[graphql(desc = "What to do.")] input: $input,
                ) -> $crate::fault::Result<$payload> {
                    let call = $crate::loaders::Call::of(context)?;
                    // On the heap: the root would otherwise be as large as its largest command,
                    // on every level of the stack.
                    let outcome = Box::pin(async {
                        let command = $crate::mutation::command(input)?;
                        Ok(call.services.$service.$command(&call.ctx, command).await?)
                    });
                    let outcome = outcome.await;
                    let settled = $crate::mutation::conclude(context, call, outcome);
                    let settled = Box::pin(settled).await?;
                    $(let $beside = $crate::mutation::beside(call, &settled, $beside_key).await?;)?
                    Ok($payload {
                        $($beside: $beside.map($beside_object),)?
                        $field: settled.value.map($object),
                        replayed: settled.replayed,
                        user_errors: settled.user_errors,
                    })
                }
            )*
        }
    };
}
pub(crate) use mutations;
