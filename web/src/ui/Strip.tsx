import { Shape } from "./Mark";
import { Tooltip } from "./Button";
import { type AnyState, type Tone, toneOf, wordOf } from "./state";

export interface Step {
  name: string;
  /** Absent: the chain has not come so far. */
  state?: AnyState | null | undefined;
  detail?: React.ReactNode;
}

/** The chain in one line of marks, for lists; each says its step and state. */
export function ChainStrip({ steps }: { steps: readonly Step[] }) {
  return (
    <ol className="inline-flex items-center" aria-label="Delivery chain">
      {steps.map((step, index) => {
        const tone: Tone = step.state ? toneOf(step.state) : "quiet";
        const words = `${step.name}: ${step.state ? wordOf(step.state) : "not reached"}`;
        return (
          <li key={step.name} className={`inline-flex items-center ${step.state ? "" : "opacity-40"}`}>
            {index > 0 ? <span aria-hidden="true" className="h-px w-1.5 bg-line-strong" /> : null}
            <Tooltip words={<>{words}{step.detail ? <><br />{step.detail}</> : null}</>}>
              <span tabIndex={-1}><Shape tone={tone} /><span className="sr-only">{words}</span></span>
            </Tooltip>
          </li>
        );
      })}
    </ol>
  );
}
