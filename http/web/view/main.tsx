// The live view begins here.
import { render } from "preact";
import { applyTheme } from "../shared/appearance";
import { App } from "./app";
import { placeOf } from "./place";
import { Store } from "./store";

applyTheme();
const store = new Store("/_glass/");
store.goTo(placeOf(location.hash));
addEventListener("hashchange", () => store.goTo(placeOf(location.hash)));
render(<App store={store} />, document.getElementById("page")!);
