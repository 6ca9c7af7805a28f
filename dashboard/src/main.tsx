import "./jitless.ts";
import { render } from "preact";
import { Dashboard } from "./components/dashboard.tsx";
import { createApp } from "./stores/app.ts";

const root = document.getElementById("app");
if (root) render(<Dashboard app={createApp(window)} />, root);
