import { BrowserRouter, Route, Routes } from "react-router";
import { SessionProvider } from "../data/session.tsx";
import { LoginPage } from "../pages/LoginPage.tsx";
import { MarketPage } from "../pages/market/MarketPage.tsx";
import { NotFoundPage } from "../pages/NotFoundPage.tsx";
import { RulesPage } from "../pages/rules/RulesPage.tsx";
import { SignalPage } from "../pages/signal/SignalPage.tsx";
import { TrackRecordPage } from "../pages/track/TrackRecordPage.tsx";
import { PATHS } from "../paths.ts";
import { TipProvider } from "../ui/Tip.tsx";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { Guard } from "./Guard.tsx";
import { Layout } from "./Layout.tsx";

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
