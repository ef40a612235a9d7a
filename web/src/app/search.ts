/** Search parameters of the views: everything that a view shows stands in its address. */
type Raw = Record<string, unknown>;

const text = (raw: Raw, name: string): string | undefined => {
  const value = raw[name];
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
};
const number = (raw: Raw, name: string): number | undefined => {
  const value = Number(raw[name]);
  return raw[name] !== undefined && Number.isFinite(value) ? value : undefined;
};

/** What stands in an address: texts and numbers, each or none of them. */
export type Found<Texts extends string, Numbers extends string> = { [Name in Texts]?: string | undefined } & { [Name in Numbers]?: number | undefined };

/** A reader of search parameters: the named texts and numbers, and nothing else. */
export function reader<const Texts extends readonly string[], const Numbers extends readonly string[] = readonly []>(texts: Texts, numbers?: Numbers) {
  return (raw: Raw): Found<Texts[number], Numbers[number]> => {
    const found: Raw = {};
    for (const name of texts) {
      const value = text(raw, name);
      if (value !== undefined) found[name] = value;
    }
    for (const name of numbers ?? []) {
      const value = number(raw, name);
      if (value !== undefined) found[name] = value;
    }
    return found as Found<Texts[number], Numbers[number]>;
  };
}
