import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";

import { ALL_STATES } from "@/gql/states";

import { Shape, StateMark } from "./Mark";
import { type Tone, toneOf, wordOf } from "./state";

afterEach(cleanup);

const TONES: readonly Tone[] = ["good", "bad", "warn", "busy", "quiet", "unknown"];

describe("states", () => {
  it.each(ALL_STATES)("%s has a shape and a word", (state) => {
    const { container } = render(<StateMark state={state} />);
    expect(TONES).toContain(toneOf(state));
    expect(container.querySelector("svg")?.getAttribute("aria-hidden")).toBe("true");
    expect(screen.getByText(wordOf(state))).toBeTruthy();
  });

  it("differ by their shape, not by colour alone", () => {
    const shapes = TONES.map((tone) => render(<Shape tone={tone} />).container.querySelector("svg")?.innerHTML);
    expect(new Set(shapes).size).toBe(TONES.length);
  });

  it("are not good when nobody knows, or when it is long ago", () => {
    expect(toneOf("UNKNOWN")).toBe("unknown");
    expect(toneOf("STALE")).not.toBe("good");
    expect(toneOf("SUCCEEDED_WITH_ISSUES")).not.toBe("good");
  });

  it("are said as people say them", () => {
    expect(wordOf("PENDING_APPROVAL")).toBe("Pending approval");
  });
});
