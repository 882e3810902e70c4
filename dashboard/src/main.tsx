import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { startTheme } from "./app/theme.ts";
import "./styles.css";

startTheme();
createRoot(document.getElementById("root")!).render(<App />);
