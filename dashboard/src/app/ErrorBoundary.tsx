import { Component, type ReactNode } from "react";

/** The last net: a part that breaks shows a message instead of an empty page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <div role="alert" className="rounded-xl border border-line bg-surface p-6 text-center">
        <p className="font-medium">This part of the page broke.</p>
        <button type="button" className="mt-2 text-accent underline" onClick={() => this.setState({ broken: false })}>
          Show it again
        </button>
      </div>
    );
  }
}
