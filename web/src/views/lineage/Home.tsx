import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { Button, PageHeader, TextField } from "@/ui";

const ID = /^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Where a lineage begins: any object by its id. */
export default function Home() {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const id = text.trim();
  const wrong = ID.test(id) ? null : id === "" ? "enter an object's id first" : "an id looks like promotion_01m85tc47kewt9b3aab19xfe42";
  return (
    <>
      <PageHeader title="Lineage" />
      <form className="flex max-w-xl items-end gap-2" onSubmit={(event) => {
        event.preventDefault();
        if (!wrong) void navigate({ to: "/lineage/$id", params: { id } });
      }}>
        <div className="flex-1"><TextField label="Id of any object: a commit, a run, a release, a promotion, a sync" value={text} onChange={setText} /></div>
        <Button type="submit" kind="primary" reason={wrong}>Trace</Button>
      </form>
      <p className="mt-3 text-muted">Every release, promotion and run has a link to its lineage as well.</p>
    </>
  );
}
