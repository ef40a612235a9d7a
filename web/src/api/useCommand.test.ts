import { CombinedError } from "@urql/core";
import { GraphQLError } from "graphql";
import { describe, expect, it } from "vitest";

import { outcomeOf } from "./useCommand";

const refused = (code: string, message: string): CombinedError =>
  new CombinedError({ graphQLErrors: [new GraphQLError(message, { extensions: { code } })] });

describe("a command's outcome", () => {
  it("is the server's answer when nothing stands in the way", () => {
    const data = { payload: { userErrors: [], release: { id: "release_1" } } };
    expect(outcomeOf({ data })).toEqual({ ok: true, data });
  });

  it("is the refusal with its code, words, field and blockers", () => {
    const error = { code: "FREEZE_ACTIVE", message: "prod is frozen until Monday", path: ["environmentId"], blockers: [{ code: "FREEZE_ACTIVE", message: "frozen" }] };
    expect(outcomeOf({ data: { payload: { userErrors: [error] } } })).toEqual({ ok: false, errors: [error] });
  });

  it("says what a missing right means", () => {
    const outcome = outcomeOf({ error: refused("FORBIDDEN", "the scope devops.promotions.write is missing") });
    expect(outcome).toMatchObject({ ok: false, errors: [{ code: "FORBIDDEN" }] });
    expect(outcome.ok || outcome.errors[0]?.message).toBe("You may not do this: your token lacks the right. (the scope devops.promotions.write is missing)");
  });

  it("says that nobody answers when the connection breaks", () => {
    const outcome = outcomeOf({ error: new CombinedError({ networkError: new TypeError("Failed to fetch") }) });
    expect(outcome).toMatchObject({ ok: false, errors: [{ code: "OFFLINE", message: expect.stringContaining("does not answer") }] });
  });

  it("is never a success without an answer", () => {
    expect(outcomeOf({})).toMatchObject({ ok: false });
  });
});
