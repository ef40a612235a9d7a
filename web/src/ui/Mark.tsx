import { type AnyState, type Tone, toneOf, wordOf } from "./state";

const INK: Record<Tone, string> = {
  good: "text-good", bad: "text-bad", warn: "text-warn", busy: "text-busy", quiet: "text-quiet", unknown: "text-muted",
};
const SOFT: Record<Tone, string> = {
  good: "bg-good-soft text-good", bad: "bg-bad-soft text-bad", warn: "bg-warn-soft text-warn",
  busy: "bg-busy-soft text-busy", quiet: "bg-quiet-soft text-quiet", unknown: "bg-quiet-soft text-muted",
};

/** One shape for each meaning, so that colour is never what tells them apart. */
export function Shape({ tone, size = 12 }: { tone: Tone; size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 12 12" className={`inline-block shrink-0 translate-y-px ${INK[tone]}`}>
      {PATHS[tone]}
    </svg>
  );
}

const line = { fill: "none", stroke: "currentColor", strokeWidth: 1.6, strokeLinecap: "round", strokeLinejoin: "round" } as const;
const PATHS: Record<Tone, React.ReactNode> = {
  good: <><circle cx="6" cy="6" r="5.4" fill="currentColor" opacity=".16" /><path d="M3.2 6.2 5.2 8.2 8.9 4.1" {...line} /></>,
  bad: <><rect x="1" y="1" width="10" height="10" rx="1" fill="currentColor" opacity=".16" /><path d="M3.8 3.8 8.2 8.2M8.2 3.8 3.8 8.2" {...line} /></>,
  warn: <><path d="M6 1 11.2 10.6H.8Z" fill="currentColor" opacity=".18" /><path d="M6 4.4V7M6 8.9v.1" {...line} /></>,
  busy: <><circle cx="6" cy="6" r="4.4" {...line} opacity=".3" /><path d="M6 1.6A4.4 4.4 0 0 1 10.4 6" {...line} /></>,
  quiet: <path d="M3 6h6" {...line} />,
  unknown: <><circle cx="6" cy="6" r="4.6" {...line} strokeDasharray="1.6 2" /><path d="M6 8.6v.1M4.9 4.6A1.2 1.2 0 1 1 6 6.4" {...line} strokeWidth={1.2} /></>,
};

/** A state as shape and word. `soft` puts it on a ground of its colour. `label` says more than the word. */
export function StateMark({ state, label, soft = false }: { state: AnyState; label?: string | undefined; soft?: boolean }) {
  return <ToneMark tone={toneOf(state)} soft={soft}>{label ?? wordOf(state)}</ToneMark>;
}

export function ToneMark({ tone, soft = false, children }: { tone: Tone; soft?: boolean; children: React.ReactNode }) {
  const ground = soft ? `rounded px-1.5 py-px ${SOFT[tone]}` : INK[tone];
  return (
    <span className={`inline-flex items-baseline gap-1 whitespace-nowrap ${ground}`}>
      <Shape tone={tone} />
      {children}
    </span>
  );
}

/** A small label without a meaning of its own. */
export function Chip({ children }: { children: React.ReactNode }) {
  return <span className="inline-flex items-center gap-1 whitespace-nowrap rounded border border-line px-1.5 text-xs text-muted">{children}</span>;
}
