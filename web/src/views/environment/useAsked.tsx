import { useState } from "react";

import type { Outcome, Trouble } from "@/api";
import { ConfirmDialog, say } from "@/ui";

/** A command that is asked about first. */
export interface Asked {
  title: string;
  consequences: readonly string[];
  confirm: string;
  danger?: boolean;
  reason?: "required" | "optional";
  run: (reason: string) => Promise<Outcome<unknown>>;
  done: string;
}

/** One dialog for all commands of a page: `ask` opens it. */
export function useAsked(): { ask: (asked: Asked) => void; dialog: React.ReactNode } {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [pending, setPending] = useState(false);
  const [errors, setErrors] = useState<readonly Trouble[]>([]);
  const close = () => {
    setAsked(null);
    setErrors([]);
  };
  const confirm = async (reason: string) => {
    if (!asked) return;
    setPending(true);
    const outcome = await asked.run(reason);
    setPending(false);
    if (!outcome.ok) return setErrors(outcome.errors);
    say(asked.done);
    close();
  };
  const dialog = asked ? (
    <ConfirmDialog
      key={asked.title} open onClose={close} title={asked.title} consequences={asked.consequences} confirm={asked.confirm}
      danger={asked.danger ?? false} {...(asked.reason ? { reason: asked.reason } : {})} pending={pending} errors={errors}
      onConfirm={(reason) => void confirm(reason)}
    />
  ) : null;
  return { ask: setAsked, dialog };
}
