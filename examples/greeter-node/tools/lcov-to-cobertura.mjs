// LCOV is what Node writes, Cobertura is what delivery systems read.

/** Reads LCOV: `[{ path, lines: Map<line, hits>, branches: Map<line, { covered, total }> }]`. */
export function parseLcov(text) {
  const files = [];
  let file;
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const key = colon < 0 ? line : line.slice(0, colon);
    const value = line.slice(colon + 1);
    if (key === "SF") files.push((file = { path: value.replaceAll("\\", "/"), lines: new Map(), branches: new Map() }));
    else if (key === "DA") addLine(file, value.split(","));
    else if (key === "BRDA") addBranch(file, value.split(","));
  }
  return files;
}

function addLine(file, [number, hits]) {
  file.lines.set(Number(number), Number(hits));
}

function addBranch(file, [number, , , taken]) {
  const branch = file.branches.get(Number(number)) ?? { covered: 0, total: 0 };
  branch.total += 1;
  if (taken !== "-" && Number(taken) > 0) branch.covered += 1;
  file.branches.set(Number(number), branch);
}

/** Writes Cobertura XML with one package per folder and one class per file. */
export function toCobertura(files) {
  const folders = new Map();
  for (const file of files) {
    const folder = file.path.includes("/") ? file.path.slice(0, file.path.lastIndexOf("/")) : ".";
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  const packages = [...folders].map(
    ([folder, members]) =>
      `    <package name="${escape(folder)}" ${rates(members)} complexity="0">\n      <classes>\n` +
      `${members.map(toClass).join("")}      </classes>\n    </package>\n`,
  );
  const { lines, branches } = count(files);
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<coverage ${rates(files)} lines-covered="${lines.covered}" lines-valid="${lines.total}" ` +
    `branches-covered="${branches.covered}" branches-valid="${branches.total}" complexity="0" version="1" timestamp="0">\n` +
    `  <sources>\n    <source>.</source>\n  </sources>\n  <packages>\n${packages.join("")}  </packages>\n</coverage>\n`
  );
}

function toClass(file) {
  const name = file.path.slice(file.path.lastIndexOf("/") + 1);
  const lines = [...file.lines].map(([number, hits]) => {
    const branch = file.branches.get(number);
    if (branch === undefined) return `            <line number="${number}" hits="${hits}" branch="false"/>\n`;
    const percent = Math.round((100 * branch.covered) / branch.total);
    const coverage = `${percent}% (${branch.covered}/${branch.total})`;
    return `            <line number="${number}" hits="${hits}" branch="true" condition-coverage="${coverage}"/>\n`;
  });
  return (
    `        <class name="${escape(name)}" filename="${escape(file.path)}" ${rates([file])} complexity="0">\n` +
    `          <methods/>\n          <lines>\n${lines.join("")}          </lines>\n        </class>\n`
  );
}

function count(files) {
  const lines = { covered: 0, total: 0 };
  const branches = { covered: 0, total: 0 };
  for (const file of files) {
    lines.total += file.lines.size;
    for (const hits of file.lines.values()) lines.covered += hits > 0 ? 1 : 0;
    for (const [number, branch] of file.branches) {
      // A branch is shown on its line, so one without a line is not counted either.
      if (!file.lines.has(number)) continue;
      branches.total += branch.total;
      branches.covered += branch.covered;
    }
  }
  return { lines, branches };
}

function rates(files) {
  const { lines, branches } = count(files);
  const rate = ({ covered, total }) => (total === 0 ? 1 : Number((covered / total).toFixed(4)));
  return `line-rate="${rate(lines)}" branch-rate="${rate(branches)}"`;
}

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
