import { Tabs as Radix } from "radix-ui";

/** Tabs whose choice is the caller's, so that it can stand in the address. */
export function Tabs<Name extends string>({ label, value, onChange, tabs }: {
  label: string;
  value: Name;
  onChange: (value: Name) => void;
  tabs: readonly { name: Name; title: React.ReactNode; content: () => React.ReactNode }[];
}) {
  return (
    <Radix.Root value={value} onValueChange={(next) => {
      const found = tabs.find((tab) => tab.name === next);
      if (found) onChange(found.name);
    }}>
      <Radix.List aria-label={label} className="mb-3 flex gap-1 border-b border-line">
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.name} value={tab.name} className="-mb-px border-b-2 border-transparent px-2.5 py-1.5 text-muted data-[state=active]:border-accent data-[state=active]:text-ink">
            {tab.title}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => <Radix.Content key={tab.name} value={tab.name}>{value === tab.name ? tab.content() : null}</Radix.Content>)}
    </Radix.Root>
  );
}
