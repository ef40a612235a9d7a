import { DropdownMenu as Radix } from "radix-ui";

import { Button } from "./Button";

export interface MenuItem {
  label: string;
  run: () => void;
  /** Why not now; the item stays reachable and says so. */
  reason?: string | null | undefined;
  danger?: boolean;
}

/** Further actions behind one button. */
export function Menu({ label, items, children = "⋯" }: { label: string; items: readonly MenuItem[]; children?: React.ReactNode }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>
        <Button kind="bare" aria-label={label}>{children}</Button>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content align="end" sideOffset={4} collisionPadding={8} className="z-50 min-w-44 max-w-80 rounded border border-line-strong bg-panel p-1 shadow-sm">
          {items.map((item) => (
            <Radix.Item key={item.label} aria-disabled={Boolean(item.reason) || undefined}
              className={`cursor-pointer rounded px-2 py-1 outline-none data-[highlighted]:bg-raised aria-disabled:cursor-not-allowed ${item.danger ? "text-bad" : ""}`}
              onSelect={(event) => {
                if (item.reason) event.preventDefault();
                else item.run();
              }}>
              <span className={item.reason ? "opacity-60" : ""}>{item.label}</span>
              {item.reason ? <span className="block text-xs text-muted">{item.reason}</span> : null}
            </Radix.Item>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
