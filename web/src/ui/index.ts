/**
 * What views are built of.
 *
 * - `Button` with `reason` (why not, in words) and `pending`; `ConfirmDialog` for what cannot be taken back; `Troubles`.
 * - `StateMark` for every state of the API, `ToneMark` and `Shape` for meanings; never colour alone. `ChainStrip`.
 * - `PageHeader`, `Panel`, `Facts`, `Tabs`, `Table` (virtual above 100 rows), `Loaded` (loading, error and old data of a
 *   `useView`), `Empty`, `Redacted`, `Partial`. A column with `sort` can be sorted by its heading.
 * - `Filters` around `Select`, `SearchField` and `Checkbox`; `Menu`; `IconButton`.
 * - `Time`, `Duration`, `Hash`, `Actor`, `ObjectLink`, `Chip`, `Blockers`, `say` (a toast).
 */
export * from "./Blockers";
export * from "./Button";
export * from "./Dialog";
export * from "./Filters";
export * from "./Mark";
export * from "./Menu";
export * from "./Panel";
export * from "./Reach";
export * from "./Strip";
export * from "./Table";
export * from "./Tabs";
export * from "./fields";
export * from "./state";
export * from "./text";
export * from "./toast";
