import type { Trouble, View } from "@/api";

import { Button } from "./Button";
import { ToneMark } from "./Mark";

/** A part of a page with a heading of its own. */
export function Panel({ title, actions, children, flush = false }: {
  title: React.ReactNode;
  actions?: React.ReactNode;
  children: React.ReactNode;
  /** The content reaches the edges, as tables do. */
  flush?: boolean;
}) {
  return (
    <section className="min-w-0 rounded border border-line bg-panel">
      <header className="flex min-h-9 flex-wrap items-center gap-2 border-b border-line px-3 py-1">
        <h2 className="font-semibold">{title}</h2>
        <div className="ml-auto flex flex-wrap items-center gap-1.5">{actions}</div>
      </header>
      <div className={flush ? "overflow-x-auto" : "p-3"}>{children}</div>
    </section>
  );
}

/** The top of a view: what it is about, and what can be done. */
export function PageHeader({ title, facts, actions }: { title: React.ReactNode; facts?: React.ReactNode; actions?: React.ReactNode }) {
  return (
    <header className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-1">
      <h1 className="text-xl font-semibold">{title}</h1>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted">{facts}</div>
      <div className="ml-auto flex flex-wrap items-center gap-1.5">{actions}</div>
    </header>
  );
}

export function Empty({ title, children }: { title: string; children?: React.ReactNode }) {
  return (
    <div className="px-4 py-8 text-center">
      <p className="font-medium">{title}</p>
      {children ? <div className="mt-1 text-muted">{children}</div> : null}
    </div>
  );
}

/** Bars where the content will be; screen readers hear one word. */
export function Loading({ rows = 4 }: { rows?: number }) {
  return (
    <div role="status" className="space-y-2 p-3">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, row) => <div key={row} className="h-4 animate-pulse rounded bg-raised" style={{ width: `${90 - row * 12}%` }} />)}
    </div>
  );
}

export function ErrorState({ error, retry }: { error: Trouble; retry?: (() => void) | undefined }) {
  return (
    <div role="alert" className="flex flex-wrap items-center gap-3 p-3">
      <ToneMark tone="bad">{error.message}</ToneMark>
      {retry ? <Button onClick={retry}>Try again</Button> : null}
    </div>
  );
}

/** Something that the caller may not see: that it is there is told, what it is not. */
export function Redacted({ what = "An object" }: { what?: string }) {
  return <span className="text-muted italic">{what} of a project that you may not see</span>;
}

/** Says over a list or graph that parts of it are missing because the caller may not see them. */
export function Partial({ children = "Parts of this belong to projects that you may not see." }: { children?: React.ReactNode }) {
  return <div className="border-b border-line px-3 py-1.5"><ToneMark tone="unknown"><span className="whitespace-normal">{children}</span></ToneMark></div>;
}

/** What a view shows of a query: loading, its error, what is old but still there, and the content. */
export function Loaded<Data>({ view, children, rows }: { view: View<Data>; rows?: number | undefined; children: (data: Data) => React.ReactNode }) {
  const { data, error, refresh } = view;
  if (data === undefined) {
    if (error) return <ErrorState error={error} retry={refresh} />;
    return <Loading {...(rows === undefined ? {} : { rows })} />;
  }
  return (
    <>
      {error ? <div className="border-b border-line"><ErrorState error={{ ...error, message: `Not up to date. ${error.message}` }} retry={refresh} /></div> : null}
      {children(data)}
    </>
  );
}

/** Facts as names and values. */
export function Facts({ items }: { items: readonly (readonly [string, React.ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1">
      {items.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
