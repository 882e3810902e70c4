import { lazy } from "react";
import { BrowserRouter, Route, Routes } from "react-router";
import { SessionProvider } from "../data/session.tsx";
import { LoginPage } from "../pages/LoginPage.tsx";
import { MarketPage } from "../pages/market/MarketPage.tsx";
import { NotFoundPage } from "../pages/NotFoundPage.tsx";
import { PATHS } from "../paths.ts";
import { TipProvider } from "../ui/Tip.tsx";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { Guard } from "./Guard.tsx";
import { Layout } from "./Layout.tsx";

// The market page is where most readers begin: the code of the others comes when they are opened.
const SignalPage = lazy(() => import("../pages/signal/SignalPage.tsx"));
const TrackRecordPage = lazy(() => import("../pages/track/TrackRecordPage.tsx"));
const RulesPage = lazy(() => import("../pages/rules/RulesPage.tsx"));

export function App() {
  return (
    <ErrorBoundary>
      <TipProvider>
        <SessionProvider>
          <BrowserRouter>
            <Routes>
              <Route element={<Layout />}>
                <Route element={<Guard />}>
                  <Route path={PATHS.market} element={<MarketPage />} />
                  <Route path={PATHS.signal} element={<SignalPage />} />
                  <Route path={PATHS.trackRecord} element={<TrackRecordPage />} />
                  <Route path={PATHS.rules} element={<RulesPage />} />
                </Route>
                <Route path={PATHS.login} element={<LoginPage />} />
                <Route path="*" element={<NotFoundPage />} />
              </Route>
            </Routes>
          </BrowserRouter>
        </SessionProvider>
      </TipProvider>
    </ErrorBoundary>
  );
}
