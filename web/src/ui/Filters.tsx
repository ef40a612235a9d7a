import { Button } from "./Button";

/** The filters of a view in one row. Their values stand in the address; `onClear` takes them out of it. */
export function Filters({ label, onClear, children }: {
  label: string;
  /** Absent while nothing is filtered. */
  onClear?: (() => void) | undefined;
  children: React.ReactNode;
}) {
  return (
    <search aria-label={label} className="mb-3 flex flex-wrap items-center gap-2">
      {children}
      {onClear ? <Button kind="bare" onClick={onClear}>Clear filters</Button> : null}
    </search>
  );
}
