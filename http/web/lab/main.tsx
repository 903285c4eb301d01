// The lab page begins here.
import { render } from "preact";
import { applyTheme } from "../shared/appearance";
import { App } from "./app";
import { startPlayer } from "./player";
import { Store } from "./store";

applyTheme();
const store = new Store(document.getElementById("engine")!.textContent ?? "");
startPlayer(store);
store.openFragment(location.hash);
addEventListener("hashchange", () => store.openFragment(location.hash));
render(<App store={store} />, document.getElementById("page")!);
