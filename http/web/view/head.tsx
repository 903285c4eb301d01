// The page's head: whose it is, whether the stream lives, and what can be done with the whole.
import { useState } from "preact/hooks";
import { Icon } from "../shared/icons";
import { Brand, Choices } from "../shared/page_head";
import { useSignal } from "../shared/signal";
import type { Store } from "./store";
import { useWords } from "./words";

export function Head({ store, onSwitches }: { store: Store; onSwitches: () => void }) {
  const w = useWords();
  const isPaused = useSignal(store.isPaused);
  return (
    <header class="top">
      <Brand name={w("title")} subtitle={w("subtitle")} />
      <nav>
        <button
          type="button"
          class="pick pause-button"
          aria-label={w(isPaused ? "resume" : "pause")}
          onClick={() => store.pause(!isPaused)}
        >
          <Icon name={isPaused ? "play" : "pause"} /> <span>{w(isPaused ? "resume" : "pause")}</span>
        </button>
        <button type="button" class="quiet text" onClick={onSwitches}>
          <Icon name="sliders" /> <span class="wide-only">{w("switches")}</span>
          <span class="heard">{w("switchesTitle")}</span>
        </button>
        <CaptureMenu />
        <Choices />
      </nav>
    </header>
  );
}

function CaptureMenu() {
  const w = useWords();
  const [isOpen, setOpen] = useState(false);
  const item = (href: string, text: string, note: string, download?: string) => (
    <li>
      <a href={href} download={download} onClick={() => setOpen(false)}>
        {text}
        {note && <small>{note}</small>}
      </a>
    </li>
  );
  return (
    <div
      class="menu at-right"
      onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
      onFocusOut={(event) =>
        !event.currentTarget.contains(event.relatedTarget as Node) && event.relatedTarget && setOpen(false)
      }
    >
      <button type="button" class="quiet text" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name="share" /> <span class="wide-only">{w("capture")}</span>
        <span class="heard">pcapng</span>
      </button>
      {isOpen && (
        <ul>
          {item("/_glass/capture.pcapng", w("captureRecent"), w("captureRecentNote"))}
          {item("/_glass/capture.pcapng?live=1", w("captureLive"), w("captureLiveNote"), "glasstcp.pcapng")}
          {item("/_glass/status.json", w("captureStatus"), "")}
        </ul>
      )}
    </div>
  );
}

/// Whether what is seen is of now.
export function Status({ store }: { store: Store }) {
  const w = useWords();
  const state = useSignal(store.state);
  const isPaused = useSignal(store.isPaused);
  const isBad = state === "gone" || state === "refused";
  const word = state === "live" && isPaused ? "pausedWord" : state;
  return (
    <p class={`status ${isBad ? "bad" : state === "live" && !isPaused ? "good" : ""}`} role="status">
      <i aria-hidden="true" />
      {w(word)}
    </p>
  );
}

/// What stands above everything while something is not as usual.
export function Notices({ store }: { store: Store }) {
  const w = useWords();
  const state = useSignal(store.state);
  const isPaused = useSignal(store.isPaused);
  const waiting = useSignal(store.waiting);
  const gaps = useSignal(store.gaps);
  return (
    <>
      {state === "gone" && <p class="wrong">{w("goneLong")}</p>}
      {state === "refused" && <p class="wrong">{w("refusedLong")}</p>}
      {isPaused && (
        <p class="notice">
          {w(waiting === 1 ? "pauseNoteOne" : "pauseNote", { n: waiting })}{" "}
          <button type="button" class="small" onClick={() => store.pause(false)}>
            <Icon name="play" /> {w("resume")}
          </button>
        </p>
      )}
      {gaps > 0 && <p class="hint">{w("gaps", { n: gaps })}</p>}
    </>
  );
}
