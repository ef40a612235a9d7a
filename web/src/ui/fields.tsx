import { useEffect, useId, useState } from "react";

export function TextField({ label, value, onChange, multiline = false, hiddenLabel = false, type = "text", placeholder }: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  multiline?: boolean;
  hiddenLabel?: boolean;
  type?: "text" | "search" | "password";
  placeholder?: string;
}) {
  const id = useId();
  const shared = {
    id, value, placeholder,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => onChange(event.target.value),
    className: "w-full rounded border border-line-strong bg-panel px-2 py-1",
  };
  return (
    <div>
      <label htmlFor={id} className={hiddenLabel ? "sr-only" : "mb-1 block text-muted"}>{label}</label>
      {multiline ? <textarea rows={3} {...shared} /> : <input type={type} {...shared} />}
    </div>
  );
}

export function Select<Value extends string>({ label, value, options, onChange, hiddenLabel = false }: {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
  hiddenLabel?: boolean;
}) {
  const id = useId();
  return (
    <span className="inline-flex items-center gap-1.5">
      <label htmlFor={id} className={hiddenLabel ? "sr-only" : "text-muted"}>{label}</label>
      <select id={id} value={value} className="h-7 rounded border border-line-strong bg-panel px-1.5"
        onChange={(event) => {
          const found = options.find((option) => option.value === event.target.value);
          if (found) onChange(found.value);
        }}>
        {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
    </span>
  );
}

export function Checkbox({ label, checked, onChange }: { label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label className="inline-flex items-center gap-1.5">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

/** A search field whose value settles before it is told, so that not every letter asks the server. */
export function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), 250);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return <TextField label={label} hiddenLabel type="search" placeholder={label} value={text} onChange={setText} />;
}
