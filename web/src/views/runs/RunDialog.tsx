import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { type Trouble, useCommand } from "@/api";
import { type ProjectPipelinesQuery, RunPipelineDocument } from "@/gql/graphql";
import { Button, Dialog, Empty, IconButton, Select, TextField, Troubles, say } from "@/ui";

export type Pipeline = ProjectPipelinesQuery["pipelines"]["nodes"][number];
interface Variable {
  name: string;
  value: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/;

/** Why a run cannot be asked for with these, in words. */
export function whyNot(pipeline: Pipeline | undefined, variables: readonly Variable[]): string | null {
  if (!pipeline) return "choose a pipeline first";
  if (pipeline.status === "INVALID") return `module.yaml is not right: ${pipeline.findings[0]?.message ?? "see its findings"}`;
  const named = variables.filter((one) => one.name || one.value);
  const wrong = named.find((one) => !NAME.test(one.name));
  if (wrong) return wrong.name ? `${wrong.name} cannot be the name of a variable` : "a variable has no name";
  const twice = named.find((one, index) => named.findIndex((other) => other.name === one.name) !== index);
  return twice ? `the variable ${twice.name} is given twice` : null;
}

const nameOf = (pipeline: Pipeline): string => pipeline.module?.name ?? pipeline.repository?.name ?? pipeline.id;

function Variables({ variables, onChange }: { variables: readonly Variable[]; onChange: (next: Variable[]) => void }) {
  const put = (at: number, change: Partial<Variable>) => onChange(variables.map((one, index) => (index === at ? { ...one, ...change } : one)));
  return (
    <fieldset className="space-y-1.5">
      <legend className="text-muted">Variables</legend>
      {variables.map((variable, index) => (
        <div key={index} className="flex items-center gap-1.5">
          <TextField hiddenLabel label={`Name of variable ${index + 1}`} placeholder="name" value={variable.name} onChange={(name) => put(index, { name })} />
          <TextField hiddenLabel label={`Value of variable ${index + 1}`} placeholder="value" value={variable.value} onChange={(value) => put(index, { value })} />
          <IconButton label={`Remove variable ${index + 1}`} onClick={() => onChange(variables.filter((_, at) => at !== index))}>×</IconButton>
        </div>
      ))}
      <Button kind="bare" reason={variables.length < 100 ? null : "a run has at most 100 variables"} onClick={() => onChange([...variables, { name: "", value: "" }])}>Add a variable</Button>
    </fieldset>
  );
}

/** Asks for a run of a pipeline, and opens it. */
export function RunDialog({ pipelines, open, onClose }: { pipelines: readonly Pipeline[]; open: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const command = useCommand(RunPipelineDocument);
  const [chosen, setChosen] = useState<string>();
  const [branch, setBranch] = useState("");
  const [variables, setVariables] = useState<Variable[]>([]);
  const [errors, setErrors] = useState<readonly Trouble[]>([]);
  const pipeline = pipelines.find((one) => one.id === chosen) ?? pipelines[0];
  const start = async () => {
    if (!pipeline) return;
    const named = variables.filter((one) => one.name);
    const outcome = await command.run({
      input: { pipelineId: pipeline.id, ...(branch.trim() ? { branch: branch.trim() } : {}), ...(named.length ? { variables: named } : {}) },
    });
    if (!outcome.ok) return setErrors(outcome.errors);
    const { object: run, replayed } = outcome.data.payload;
    onClose();
    say(replayed ? "This commit was run already; this is its run." : `The run of ${nameOf(pipeline)} was asked for.`);
    if (run) void navigate({ to: "/run/$id", params: { id: run.id } });
  };
  return (
    <Dialog open={open} onClose={onClose} title="Run a pipeline">
      {pipeline ? (
        <form className="space-y-3" onSubmit={(event) => {
          event.preventDefault();
          if (!whyNot(pipeline, variables) && !command.pending) void start();
        }}>
          <Select label="Pipeline" value={pipeline.id} onChange={setChosen}
            options={pipelines.map((one) => ({ value: one.id, label: `${nameOf(one)} (${one.branch} at ${one.commitSha.slice(0, 8)}${one.status === "INVALID" ? ", invalid" : ""})` }))} />
          <TextField label="Branch whose newest commit is built (empty: the commit that the pipeline was made for)" placeholder={pipeline.repository?.defaultBranch ?? "main"} value={branch} onChange={setBranch} />
          <Variables variables={variables} onChange={setVariables} />
          <Troubles errors={errors} />
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="primary" type="submit" reason={whyNot(pipeline, variables)} pending={command.pending}>Run</Button>
          </div>
        </form>
      ) : <Empty title="There is no pipeline in this project">A pipeline is made from a module.yaml on the default branch of a repository.</Empty>}
    </Dialog>
  );
}
