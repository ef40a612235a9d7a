import { Dialog as Radix } from "radix-ui";
import { useState } from "react";

import type { Trouble } from "@/api";

import { Blockers } from "./Blockers";
import { Button } from "./Button";
import { ToneMark } from "./Mark";
import { TextField } from "./fields";

export function Dialog({ open, onClose, title, children, locked = false }: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: React.ReactNode;
  /** It cannot be put away: the page needs its answer. */
  locked?: boolean;
}) {
  return (
    <Radix.Root open={open} onOpenChange={(now) => !now && !locked && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Radix.Content aria-describedby={undefined} className="fixed left-1/2 top-[12vh] z-50 max-h-[80vh] w-[min(36rem,94vw)] -translate-x-1/2 overflow-y-auto rounded-md border border-line-strong bg-panel p-4 shadow-lg">
          <Radix.Title className="mb-3 text-lg font-semibold">{title}</Radix.Title>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Why the server refused, with what blocks and what was found. */
export function Troubles({ errors }: { errors: readonly Trouble[] }) {
  if (errors.length === 0) return null;
  return (
    <div role="alert" className="space-y-2 rounded border border-bad bg-bad-soft p-2">
      {errors.map((error, index) => (
        <div key={index} className="space-y-1">
          <ToneMark tone="bad"><span className="whitespace-normal">{error.message}</span></ToneMark>
          {error.findings?.map((finding, at) => (
            <p key={at} className="pl-4 font-mono text-xs">{finding.file}{finding.line ? `:${finding.line}` : ""} {finding.message}</p>
          ))}
          {error.blockers?.length ? <Blockers blockers={error.blockers} /> : null}
        </div>
      ))}
    </div>
  );
}

/** Asks before something that cannot be taken back: what will follow, why, and the server's answer. */
export function ConfirmDialog({ open, onClose, title, consequences, confirm, dismiss = "Cancel", danger = false, reason, onConfirm, pending, errors = [], children }: {
  open: boolean;
  onClose: () => void;
  title: string;
  consequences: readonly React.ReactNode[];
  /** The word on the button. */
  confirm: string;
  /** The word on the one that changes nothing. */
  dismiss?: string;
  danger?: boolean;
  /** Whether a reason is asked for. */
  reason?: "required" | "optional";
  onConfirm: (reason: string) => void;
  pending: boolean;
  errors?: readonly Trouble[];
  children?: React.ReactNode;
}) {
  const [words, setWords] = useState("");
  const missing = reason === "required" && words.trim() === "" ? "say why first" : null;
  return (
    <Dialog open={open} onClose={onClose} title={title}>
      <div className="space-y-3">
        <ul className="list-disc space-y-1 pl-5">{consequences.map((one, index) => <li key={index}>{one}</li>)}</ul>
        {children}
        {reason ? <TextField label={reason === "required" ? "Reason" : "Reason (optional)"} value={words} onChange={setWords} multiline /> : null}
        <Troubles errors={errors} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{dismiss}</Button>
          <Button kind={danger ? "danger" : "primary"} reason={missing} pending={pending} onClick={() => onConfirm(words.trim())}>{confirm}</Button>
        </div>
      </div>
    </Dialog>
  );
}
