"use strict";
// GraphiQL on this page's own address: a token for all tabs, the regular questions as tabs, nothing stays in the browser.

(() => {
  const { nonce } = document.currentScript;
  const DAY = 86_400_000;
  const create = document.createElement.bind(document);
  // GraphiQL's dialogs add a style sheet without the nonce by which the page's policy lets one in.
  document.createElement = (name, options) => {
    const made = create(name, options);
    if (name === "style") made.nonce = nonce;
    return made;
  };

  const address = window.location.pathname;
  const tabs = JSON.parse(document.getElementById("tabs").textContent);
  const said = document.getElementById("said");
  const root = ReactDOM.createRoot(document.getElementById("graphiql"));
  let token = "";
  let notice = null;
  let daysAgo = 0;

  /** A store that forgets: questions and answers are not left behind on a machine that others use. */
  const forgetful = () => {
    const items = new Map();
    return {
      get length() { return items.size; },
      getItem: (name) => items.get(name) ?? null,
      setItem: (name, value) => { items.set(name, value); },
      removeItem: (name) => { items.delete(name); },
      clear: () => { items.clear(); },
    };
  };

  const post = (operation, headers, signal) => fetch(address, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
    body: JSON.stringify(operation),
    signal,
  });

  const ask = async (operation, headers = {}) => {
    if (!token && !headers.Authorization) return { errors: [{ message: "Say who you are: enter your token above." }] };
    const answer = await post(operation, { Accept: "application/graphql-response+json", ...headers });
    return answer.json();
  };

  /** The answers of a subscription, by server-sent events. */
  async function* follow(operation, headers = {}) {
    const gone = new AbortController();
    try {
      const answer = await post(operation, { Accept: "text/event-stream", ...headers }, gone.signal);
      if (!answer.ok) {
        yield await answer.json();
        return;
      }
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let unread = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const events = (unread + value).split(/\r?\n\r?\n/);
        unread = events.pop();
        for (const event of events) {
          const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
          const text = data.map((line) => line.slice(5)).join("\n").trim();
          if (text) yield JSON.parse(text);
        }
      }
    } finally {
      gone.abort();
    }
  }

  const isFollowed = (operation, document) => (document?.definitions ?? []).some(
    (each) => each.operation === "subscription" && (!operation.operationName || each.name?.value === operation.operationName),
  );

  // The name that GraphiQL gives may still be that of the tab before.
  const named = (operation) => {
    const names = [...operation.query.matchAll(/^\s*(?:query|mutation|subscription)\s+(\w+)/gm)].map((match) => match[1]);
    return names.length === 1 ? { ...operation, operationName: names[0] } : operation;
  };

  /** The days of the examples, moved so that the last one is that on which the notice ended, or was last recorded in. */
  const moved = (variables) => Object.fromEntries(Object.entries(variables).map(([name, value]) => [
    name,
    /^\d{4}-\d{2}-\d{2}T/.test(value) ? new Date(Date.parse(value) - daysAgo * DAY).toISOString() : value,
  ]));

  const show = () => {
    const fetcher = (parameters, options) => {
      const operation = named(parameters);
      return isFollowed(operation, options?.documentAST) ? follow(operation, options?.headers) : ask(operation, options?.headers);
    };
    const defaultTabs = tabs.map(({ query, variables }) => ({
      query,
      variables: JSON.stringify({ ...moved(variables), ...(notice ? { notice } : {}) }, null, 2),
    }));
    ReactDOM.flushSync(() => root.render(React.createElement(GraphiQL, {
      key: notice,
      fetcher,
      defaultTabs,
      storage: forgetful(),
      shouldPersistHeaders: false,
    })));
  };

  document.getElementById("who").addEventListener("submit", async (event) => {
    event.preventDefault();
    token = document.getElementById("token").value.trim();
    const { data } = await ask({
      query: "{ me { actor parts { notice } } notices(first: 1000) { nodes { id closedOn asOf { recordedAt } } } }",
    });
    if (!data) {
      said.textContent = "The ledger does not know this token; ask for another.";
      return;
    }
    notice = data.me.parts[0]?.notice ?? notice;
    const last = data.notices.nodes.find(({ id }) => id === notice);
    const ended = last && Date.parse(last.closedOn ?? last.asOf.recordedAt);
    daysAgo = ended ? Math.max(0, Math.floor((Date.now() - ended) / DAY)) : 0;
    show();
    said.textContent = `You ask as ${data.me.actor}.`;
  });

  show();
})();
