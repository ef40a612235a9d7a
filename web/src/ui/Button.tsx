import { Tooltip as Radix } from "radix-ui";
import { useId } from "react";

/** Words for an element, shown when it is pointed at or focused. */
export function Tooltip({ words, children }: { words: React.ReactNode; children: React.ReactElement }) {
  return (
    <Radix.Root delayDuration={200}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content sideOffset={4} collisionPadding={8} className="z-50 max-w-80 rounded border border-line-strong bg-raised px-2 py-1 text-xs text-ink shadow-sm">
          {words}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export const TooltipProvider = Radix.Provider;

const KINDS = {
  plain: "border-line-strong bg-panel hover:bg-raised",
  primary: "border-accent bg-accent text-on-accent hover:opacity-90",
  danger: "border-bad bg-panel text-bad hover:bg-bad-soft",
  bare: "border-transparent hover:bg-raised",
} as const;

export interface ButtonProps extends Omit<React.ComponentProps<"button">, "disabled"> {
  kind?: keyof typeof KINDS;
  /** Why it cannot be pressed now, in words; it stays focusable, so that everybody can read them. */
  reason?: string | null | undefined;
  /** Pressed already, and waiting for the server. */
  pending?: boolean;
}

export function Button({ kind = "plain", reason, pending = false, children, onClick, className = "", ...rest }: ButtonProps) {
  const id = useId();
  const off = Boolean(reason) || pending;
  const button = (
    <button
      type="button"
      {...rest}
      aria-disabled={off || undefined}
      aria-describedby={reason ? id : rest["aria-describedby"]}
      onClick={(event) => {
        if (off) event.preventDefault();
        else onClick?.(event);
      }}
      className={`inline-flex h-7 items-center gap-1.5 whitespace-nowrap rounded border px-2.5 text-sm ${KINDS[kind]} ${reason ? "opacity-60" : ""} ${className}`}
    >
      {pending ? "…" : null}
      {children}
      {reason ? <span id={id} className="sr-only">Not possible: {reason}</span> : null}
    </button>
  );
  return reason ? <Tooltip words={reason}>{button}</Tooltip> : button;
}

/** A button with a picture in place of words; they are shown when it is pointed at, and read out. */
export function IconButton({ label, reason, children, ...rest }: Omit<ButtonProps, "aria-label"> & { label: string }) {
  const button = <Button kind="bare" {...rest} reason={reason} aria-label={label} className={`w-7 justify-center px-0 ${rest.className ?? ""}`}>{children}</Button>;
  return reason ? button : <Tooltip words={label}>{button}</Tooltip>;
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  return (
    <Button kind="bare" className="h-5 px-1 text-muted" aria-label={`Copy ${label}`} onClick={() => void navigator.clipboard.writeText(text)}>
      <svg aria-hidden="true" width="12" height="12" viewBox="0 0 12 12" fill="none" stroke="currentColor">
        <rect x="1.5" y="3.5" width="6" height="7" rx="1" /><path d="M4.5 1.5h5a1 1 0 0 1 1 1v6" />
      </svg>
    </Button>
  );
}
