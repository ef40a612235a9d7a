import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import type { AnyVariables } from "@urql/core";
import { useCallback, useState } from "react";

import { client } from "./client";
import { type Trouble, troubleOf } from "./errors";

/** What every mutation's document answers with: `payload: command(input: …) { … }`. */
export interface Payload {
  payload: { userErrors: readonly Trouble[] };
}

export type Outcome<Data> = { ok: true; data: Data } | { ok: false; errors: readonly Trouble[] };

export interface Command<Data, Variables> {
  run: (variables: Variables) => Promise<Outcome<Data>>;
  pending: boolean;
}

/** A command's answer as an outcome: refusals are values, in words. */
export function outcomeOf<Data extends Payload>(answer: {
  data?: Data | undefined;
  error?: Parameters<typeof troubleOf>[0] | undefined;
}): Outcome<Data> {
  if (answer.error) return { ok: false, errors: [troubleOf(answer.error)] };
  if (!answer.data) return { ok: false, errors: [{ code: "INTERNAL", message: "The server answered nothing." }] };
  const { userErrors } = answer.data.payload;
  return userErrors.length > 0 ? { ok: false, errors: userErrors } : { ok: true, data: answer.data };
}

/**
 * A command of the API. Nothing changes on the screen before the server has confirmed it: its events load the views
 * again. Each call is one request to the server's idempotency, also when the connection breaks on the way.
 */
export function useCommand<Data extends Payload, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
): Command<Data, Variables> {
  const [pending, setPending] = useState(false);
  const run = useCallback(
    async (variables: Variables) => {
      setPending(true);
      try {
        return outcomeOf(await client.mutation(document, variables).toPromise());
      } finally {
        setPending(false);
      }
    },
    [document],
  );
  return { run, pending };
}
