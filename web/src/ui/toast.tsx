import { createStore, useStore } from "@/api/store";

import { Button } from "./Button";
import type { Tone } from "./state";
import { ToneMark } from "./Mark";

interface Toast {
  id: number;
  tone: Tone;
  words: string;
}

const toasts = createStore<readonly Toast[]>([]);
let last = 0;
const dismiss = (id: number) => toasts.set(toasts.get().filter((toast) => toast.id !== id));

/** Says something for a moment; what went wrong stays until it is put away. */
export function say(words: string, tone: Tone = "good"): void {
  const id = ++last;
  toasts.set([...toasts.get().slice(-3), { id, tone, words }]);
  if (tone !== "bad") setTimeout(() => dismiss(id), 6_000);
}

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div role="status" aria-live="polite" className="fixed bottom-3 right-3 z-50 space-y-2">
      {shown.map((toast) => (
        <div key={toast.id} className="flex items-center gap-2 rounded border border-line-strong bg-raised px-3 py-1.5 shadow-sm">
          <ToneMark tone={toast.tone}><span className="whitespace-normal">{toast.words}</span></ToneMark>
          <Button kind="bare" className="h-5 px-1" aria-label="Put away" onClick={() => dismiss(toast.id)}>✕</Button>
        </div>
      ))}
    </div>
  );
}
