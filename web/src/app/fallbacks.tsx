import { Link, type ErrorComponentProps } from "@tanstack/react-router";

import { Button, Empty, PageHeader } from "@/ui";

export function NotFound() {
  return (
    <>
      <PageHeader title="There is nothing at this address" />
      <p>Go to the <Link to="/" className="text-accent underline">delivery board</Link>.</p>
    </>
  );
}

/** One view failed; the rest of the page goes on. */
export function Broken({ error, reset }: ErrorComponentProps) {
  return (
    <div role="alert">
      <Empty title="This view failed">
        <p className="mb-2 font-mono text-xs">{error instanceof Error ? error.message : String(error)}</p>
        <Button onClick={reset}>Show it again</Button>
      </Empty>
    </div>
  );
}
