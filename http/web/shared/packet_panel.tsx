// Everything about one packet: why it was sent, what it did, and its bytes with every field explained.
import { useState } from "preact/hooks";
import { timeText } from "./format";
import { isMarked } from "./marked";
import { fieldsOf, bytesOfHex, meaningOf } from "./packet_fields";
import type { History, Position } from "./history";
import { useSignal } from "./signal";
import { classNamed, sentenceNamed } from "./tables";
import { language, useTexts } from "./texts";
import type { Row } from "./types";

interface Props {
  history: History;
  position: Position;
  row: number;
  children?: preact.ComponentChildren;
}

export function PacketPanel({ history, position, row: number, children }: Props) {
  const t = useTexts();
  const spoken = useSignal(language);
  const row = history.rows[number];
  if (!row) return <p class="hint">{t("noPacket")}</p>;
  if (row.kind !== 0) {
    return (
      <p>
        <b>{t(row.side === 0 ? "client" : "server")}</b> · {timeText(row.at)} · {row.text}
      </p>
    );
  }
  const look = classNamed(row.class);
  const hasCome = history.came[number]! >= 0 && history.came[number]! < position.index;
  const isAlone = history.observer !== null;
  const isLeavingSeen = !isAlone || history.observer === row.side;
  const from = t(row.side === 0 ? "client" : "server");
  const to = t(row.side === 0 ? "server" : "client");
  return (
    <article class={`packet-panel c-${look.key}`}>
      <header>
        <span class="badge">
          <span aria-hidden="true">{look.mark}</span> {look[spoken]}
        </span>
        <h3>
          {row.label?.split(" ")[0]} <code>{row.label?.split(" ").slice(1).join(" ")}</code>
        </h3>
        <p class="times">
          {from} → {to}
          {isLeavingSeen && (
            <>
              {" · "}
              {t("sent")} <b>{timeText(row.at)}</b>
            </>
          )}{" "}
          · {ending(row, hasCome, isAlone, t)}
          {row.copy && <> · {t("copyWord")}</>}
          {isMarked(row) && <> · {t("markedWord")}</>}
          {row.forged && <> · {t("forgedWord")}</>}
        </p>
      </header>
      {row.why && (
        <section>
          <h4>{t("whySent")}</h4>
          <Clauses text={row.why} />
        </section>
      )}
      <section>
        <h4>{t("whatItDid")}</h4>
        {hasCome ? (
          <Clauses text={row.effect || t("nothingSpecial")} />
        ) : (
          <p>
            {row.arrived < 0 && row.lost ? t("itIsLost") + row.lost : t(isAlone ? "notSeenThere" : "notYet")}
          </p>
        )}
      </section>
      {row.messages && (
        <section>
          <h4>HTTP</h4>
          <p>
            <code>{row.messages}</code>
          </p>
        </section>
      )}
      {children}
      <Bytes row={row} />
    </article>
  );
}

function ending(
  row: Row,
  hasCome: boolean,
  isAlone: boolean,
  t: ReturnType<typeof useTexts>,
): preact.ComponentChildren {
  if (hasCome) {
    return (
      <>
        {t("arrived")} <b>{timeText(row.arrived)}</b>
      </>
    );
  }
  if (row.arrived < 0 && row.lost) return <b>{t("lostWord")}</b>;
  return t(isAlone ? "seenHereAlone" : "onItsWay");
}

/// "Name: sentence (RFC); another": a line for each, names in bold, RFCs in small print. Where only the
/// name is told, since the sentence was told of an earlier packet, it stands here again.
function Clauses({ text }: { text: string }) {
  const spoken = useSignal(language);
  const clauses = text.split(/;\s|；/);
  return (
    <ul class="clauses">
      {clauses.map((clause, i) => {
        const known = sentenceNamed(clause);
        if (known) {
          return (
            <li key={i}>
              <b>{known.key}</b> {known[spoken]}
              {known.rfc && <span class="rfc">{known.rfc}</span>}
            </li>
          );
        }
        const named = /^([A-Z][A-Za-z0-9]+)(?::\s|：)(.*)$/.exec(clause);
        const rest = named ? named[2]! : clause;
        const rfc = /\s?[(（](RFC[^()（）]*)[)）]$/.exec(rest);
        return (
          <li key={i}>
            {named && <b>{named[1]}</b>} {rfc ? rest.slice(0, rfc.index) : rest}
            {rfc && <span class="rfc">{rfc[1]}</span>}
          </li>
        );
      })}
    </ul>
  );
}

function Bytes({ row }: { row: Row }) {
  const t = useTexts();
  const spoken = useSignal(language);
  const [chosen, choose] = useState(-1);
  if (!row.bytes) return null;
  const fields = fieldsOf(row.bytes, row.size ?? 0);
  const bytes = bytesOfHex(row.bytes);
  const lit = fields[chosen];
  const fieldAt = (byte: number) => fields.findIndex(({ start, end }) => byte >= start && byte < end);
  return (
    <details class="bytes">
      <summary>
        {t("bytes")} <span class="count">{row.size} B</span>
      </summary>
      <div class="hex" aria-hidden="true">
        {bytes.map((byte, i) => (
          <span
            key={i}
            class={
              lit && i >= lit.start && i < lit.end ? "lit" : `layer-${fields[fieldAt(i)]?.layer ?? "none"}`
            }
            onMouseEnter={() => choose(fieldAt(i))}
          >
            {byte.toString(16).padStart(2, "0")}
          </span>
        ))}
        {(row.size ?? 0) > bytes.length && <span class="more">…</span>}
      </div>
      <ul class="fields">
        {fields.map((field, i) => (
          <li key={i}>
            <button
              type="button"
              class={i === chosen ? "chosen" : ""}
              aria-pressed={i === chosen}
              onClick={() => choose(i === chosen ? -1 : i)}
              onMouseEnter={() => choose(i)}
            >
              <span class={`layer layer-${field.layer}`}>{field.layer}</span>
              <b>{field.name}</b> <code>{field.value}</code>
              <small>{meaningOf(field, spoken)}</small>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
