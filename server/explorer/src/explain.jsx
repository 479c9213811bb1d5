// Explain: GraphiQL's panel of what an answer cost, how fresh it is, and each read of an upstream
// that it caused or was spared; and the button that saves its query for partners.

import { useOperationsEditorState } from "@graphiql/react";
import { useState, useSyncExternalStore } from "react";

import { get, subscribe, want } from "./explained.js";
import { download, persisted } from "./persisted.js";

const ORIGINS = { memory: "from memory", store: "from the shared store", network: "over the network" };

export const EXPLAIN_PLUGIN = { title: "Explain", icon: Icon, content: Panel };

function Icon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden="true">
      <path d="M2 4h7M6 10h9M12 16h6" />
    </svg>
  );
}

function Panel() {
  const { wanted, extensions } = useSyncExternalStore(subscribe, get);
  return (
    <section className="explain" aria-label="Explain">
      <h2>Explain</h2>
      <label>
        <input type="checkbox" role="switch" checked={wanted} onChange={(e) => want(e.target.checked)} />
        Explain each answer
      </label>
      <div role="status">
        {extensions?.explain ? (
          <>
            <Cost {...extensions.cost} />
            <Waterfall reads={extensions.explain} />
          </>
        ) : (
          <p>{wanted ? "Run a query to see what it reads." : "Switch it on, then run a query."}</p>
        )}
        {extensions?.sources && <Freshness sources={extensions.sources} />}
      </div>
      <Save />
    </section>
  );
}

function Cost({ estimated, actual, limit, remaining, resetAt }) {
  const left = remaining !== null && `${remaining} left, more at ${time(resetAt)}`;
  return (
    <>
      <h3>Cost</h3>
      <dl>
        <Figure name="Estimated" value={`${estimated} of at most ${limit}`} />
        <Figure name="Actual" value={actual} />
        {left && <Figure name="Rate" value={left} />}
      </dl>
    </>
  );
}

function Figure({ name, value }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Waterfall({ reads }) {
  const whole = Math.max(1, ...reads.map((read) => read.startMs + read.ms));
  return (
    <>
      <h3>Reads of sources</h3>
      {!reads.length && <p>It read nothing.</p>}
      <ol>
        {reads.map((read, at) => (
          <Read key={at} whole={whole} {...read} />
        ))}
      </ol>
    </>
  );
}

function Read({ source, from, ageS, startMs, ms, batch, keys, fields, whole }) {
  const age = ageS === null ? "nothing to show" : `${ageS} s old`;
  return (
    <li>
      <strong>{source}</strong> {ORIGINS[from]}
      <svg className={from} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect className="whole" width="100" height="4" />
        <rect x={(100 * startMs) / whole} width={Math.max(0.7, (100 * ms) / whole)} height="4" />
      </svg>
      after {round(startMs)} ms, for {round(ms)} ms · {age}
      <details>
        <summary>
          {count(batch, "key")}, {count(fields.length, "field")} waited
        </summary>
        <ul aria-label="Fields that waited">
          {fields.map((field) => (
            <li key={field}>{field}</li>
          ))}
        </ul>
        <ul aria-label="Keys">
          {keys.map((key) => (
            <li key={key}>{key}</li>
          ))}
          {batch > keys.length && <li>and {batch - keys.length} more</li>}
        </ul>
      </details>
    </li>
  );
}

function Freshness({ sources }) {
  return (
    <table>
      <caption>Freshness</caption>
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col">State</th>
          <th scope="col">Age</th>
        </tr>
      </thead>
      <tbody>
        {sources.map(({ id, state, ageS }) => (
          <tr key={id}>
            <th scope="row">{id}</th>
            <td>{state}</td>
            <td>{ageS === null || ageS === undefined ? "–" : `${ageS} s`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Save() {
  const [query] = useOperationsEditorState();
  const [said, say] = useState("");
  const save = async () => {
    try {
      const found = await persisted(query);
      download(found);
      say(`Saved ${found.file}${found.id ? `, the document ${found.id}` : ""}.`);
    } catch (error) {
      say(error.message);
    }
  };
  return (
    <>
      <h3>For partners</h3>
      <button type="button" className="graphiql-button" onClick={save}>
        Save as a persisted document
      </button>
      <p role="status" className="said">{said}</p>
    </>
  );
}

const round = (ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0));
const count = (many, what) => `${many} ${what}${many === 1 ? "" : "s"}`;
const time = (at) => new Date(at).toLocaleTimeString();
