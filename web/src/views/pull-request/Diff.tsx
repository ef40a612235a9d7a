import type { PullRequestPageQuery } from "@/gql/graphql";
import { Chip, Empty, Shape, wordOf } from "@/ui";

type File = NonNullable<PullRequestPageQuery["pullRequest"]>["diff"]["files"][number];

export interface Line {
  kind: "added" | "removed" | "same" | "place";
  before: number | null;
  after: number | null;
  text: string;
}

/** The lines of a patch with their numbers before and after (unified format). */
export function linesOf(patch: string): readonly Line[] {
  let [before, after] = [0, 0];
  const lines: Line[] = [];
  for (const text of patch.split("\n")) {
    const place = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(text);
    if (place) {
      [before, after] = [Number(place[1]), Number(place[2])];
      lines.push({ kind: "place", before: null, after: null, text });
    } else if (before + after > 0) {
      if (text.startsWith("+")) lines.push({ kind: "added", before: null, after: after++, text: text.slice(1) });
      else if (text.startsWith("-")) lines.push({ kind: "removed", before: before++, after: null, text: text.slice(1) });
      else if (text.startsWith(" ")) lines.push({ kind: "same", before: before++, after: after++, text: text.slice(1) });
    }
  }
  return lines;
}

const LARGE = 400;
const GROUND = { added: "bg-good-soft", removed: "bg-bad-soft", same: "", place: "bg-raised text-muted" } as const;
const SIGN = { added: "+", removed: "-", same: " ", place: "" } as const;

function FileView({ file, open }: { file: File; open: boolean }) {
  const lines = file.patch ? linesOf(file.patch) : [];
  return (
    <details open={open && lines.length <= LARGE} className="mb-2 rounded border border-line bg-panel">
      <summary className="flex flex-wrap items-center gap-2 px-3 py-1.5">
        <span className="font-mono">{file.oldPath && file.oldPath !== file.path ? `${file.oldPath} → ` : ""}{file.path}</span>
        <Chip>{wordOf(file.kind)}</Chip>
        <span className="text-good">+{file.additions}</span><span className="text-bad">−{file.deletions}</span>
        {lines.length > LARGE ? <span className="text-muted">{lines.length} lines, opened on request</span> : null}
      </summary>
      {file.binary ? <p className="px-3 py-2 text-muted">A binary file.</p> : lines.length === 0 ? <p className="px-3 py-2 text-muted">Too large to be shown, or without a change of text.</p> : (
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={`Changes of ${file.path}`}>
          <table className="w-full border-collapse font-mono text-xs">
            <caption className="sr-only">Changes of {file.path}</caption>
            <thead className="sr-only"><tr><th scope="col">Before</th><th scope="col">After</th><th scope="col">Change</th></tr></thead>
            <tbody>
              {lines.map((line, index) => (
                <tr key={index} className={GROUND[line.kind]}>
                  <td className="w-10 select-none px-1 text-right text-muted">{line.before}</td>
                  <td className="w-10 select-none px-1 text-right text-muted">{line.after}</td>
                  <td className="whitespace-pre px-2">{SIGN[line.kind]}{line.text}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

/** What a pull request changes, file by file. */
export function Diff({ files }: { files: readonly File[] }) {
  if (files.length === 0) return <Empty title="It changes no file" />;
  const added = files.reduce((sum, file) => sum + file.additions, 0);
  const removed = files.reduce((sum, file) => sum + file.deletions, 0);
  return (
    <>
      <p className="mb-2 flex items-center gap-2 text-muted"><Shape tone="quiet" />{files.length} files, {added} lines added, {removed} removed</p>
      {files.map((file, index) => <FileView key={file.path} file={file} open={index < 20} />)}
    </>
  );
}
