import { createFetcher } from "./fetcher.js";
import { clean, describe, load, save, takeToken } from "./token.js";

const DEFAULT_QUERY = `# One API over the whole delivery chain. Ctrl-Space completes, Ctrl-Enter runs.
query Viewer {
  viewer {
    __typename
  }
}
`;

let token;

function useToken(next) {
  token = next;
  save(window.sessionStorage, token);
  document.getElementById("token").value = token ?? "";
  document.getElementById("token-state").textContent = label(token);
}

function label(value) {
  if (value === undefined) return "none: requests go out without authorization";
  const known = describe(value);
  if (known === undefined) return "in use";
  const until = known.until === undefined ? "" : `, until ${known.until.toLocaleString()}`;
  return `in use: ${known.subject ?? "?"} of ${known.tenant ?? "?"}${until}`;
}

function mountIdentity() {
  const { token: given, address } = takeToken(window.location.href);
  if (address !== window.location.href) window.history.replaceState(null, "", address);
  useToken(given ?? load(window.sessionStorage));
  document.getElementById("identity").addEventListener("submit", (event) => {
    event.preventDefault();
    useToken(clean(document.getElementById("token").value));
    render();
  });
  document.getElementById("forget").addEventListener("click", () => {
    useToken(undefined);
    render();
  });
}

const { React, ReactDOM, GraphiQL } = window;
const root = ReactDOM.createRoot(document.getElementById("graphiql"));

function render() {
  // A new fetcher makes GraphiQL read the schema again, with the new token.
  const fetcher = createFetcher({ url: "/graphql", token: () => token, fetch: window.fetch.bind(window) });
  root.render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultQuery: DEFAULT_QUERY,
      // Headers may hold secrets: they are not kept in the browser.
      shouldPersistHeaders: false,
    }),
  );
}

mountIdentity();
render();
