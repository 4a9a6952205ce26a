import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension, Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import type { Issue } from "../model/configuration";
import { changeBetween } from "./change";

/** In Mantine's colours, which follow the scheme; all pass WCAG AA on the body. */
const colours = HighlightStyle.define([
  {
    tag: [tags.propertyName, tags.definition(tags.propertyName)],
    color: "light-dark(var(--mantine-color-blue-9), var(--mantine-color-blue-2))",
  },
  {
    tag: [tags.string, tags.special(tags.string)],
    color: "light-dark(color-mix(in srgb, var(--mantine-color-teal-9) 85%, black), var(--mantine-color-teal-2))",
  },
  {
    tag: [tags.comment, tags.lineComment, tags.meta],
    color: "light-dark(var(--mantine-color-gray-7), var(--mantine-color-gray-5))",
    fontStyle: "italic",
  },
  { tag: [tags.labelName, tags.typeName, tags.keyword], color: "light-dark(var(--mantine-color-grape-8), var(--mantine-color-grape-2))" },
]);

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--mantine-color-body)", color: "var(--mantine-color-text)" },
  "&.cm-focused": { outline: "2px solid var(--mantine-primary-color-filled)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", overflow: "auto" },
  ".cm-content": { caretColor: "var(--mantine-color-text)" },
  ".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
  ".cm-gutters": {
    backgroundColor: "var(--mantine-color-default-hover)",
    color: "light-dark(var(--mantine-color-gray-7), var(--mantine-color-dark-1))",
    borderRight: "1px solid var(--mantine-color-default-border)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "light-dark(rgba(0, 0, 0, 0.04), rgba(255, 255, 255, 0.05))" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, ::selection": {
    backgroundColor: "light-dark(var(--mantine-color-blue-1), var(--mantine-color-blue-9))",
  },
  ".cm-tooltip, .cm-panels": {
    backgroundColor: "var(--mantine-color-body)",
    color: "var(--mantine-color-text)",
    border: "1px solid var(--mantine-color-default-border)",
  },
  ".cm-foldPlaceholder": { backgroundColor: "var(--mantine-color-default-hover)", color: "var(--mantine-color-text)", border: "none" },
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: "light-dark(rgba(18, 184, 134, 0.12), rgba(18, 184, 134, 0.18)) !important" },
  ".cm-deletedChunk, .cm-deletedLine, &.cm-merge-a .cm-changedLine": {
    backgroundColor: "light-dark(rgba(250, 82, 82, 0.1), rgba(250, 82, 82, 0.18)) !important",
  },
  ".cm-collapsedLines": {
    background: "var(--mantine-color-default-hover)",
    color: "var(--mantine-color-text)",
    borderBlock: "1px solid var(--mantine-color-default-border)",
  },
});

/** What every view of YAML has: numbers, folding, search, colours. */
export const yamlLook = (label: string): Extension => [
  basicSetup,
  yaml(),
  syntaxHighlighting(colours),
  look,
  EditorView.contentAttributes.of({ "aria-label": label }),
];

/** Reached by the keyboard, so that it can be scrolled, and not to be changed. */
export const readOnlyText: Extension = [
  EditorState.readOnly.of(true),
  EditorView.editable.of(false),
  EditorView.contentAttributes.of({ tabindex: "0", role: "textbox", "aria-readonly": "true", "aria-multiline": "true" }),
];

export function createYamlView(
  parent: HTMLElement,
  doc: string,
  label: string,
  readOnly: boolean,
  onChange: (text: string) => void,
): EditorView {
  return new EditorView({
    parent,
    doc,
    extensions: [
      yamlLook(label),
      lintGutter(),
      readOnly ? readOnlyText : [],
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.some((t) => t.annotation(Transaction.remote))) onChange(update.state.doc.toString());
      }),
    ],
  });
}

export function showText(view: EditorView, text: string): void {
  const change = changeBetween(view.state.doc.toString(), text);
  // Marked as coming from elsewhere, so that it is not told back; it can be undone like what was typed.
  if (change !== null) view.dispatch({ changes: change, annotations: Transaction.remote.of(true) });
}

export function showIssues(view: EditorView, errors: readonly Issue[], warnings: readonly Issue[]): void {
  const diagnostic = (issue: Issue, severity: "error" | "warning"): Diagnostic => {
    const line = view.state.doc.line(Math.min(Math.max(issue.line, 1), view.state.doc.lines));
    const ink = line.text.search(/\S/);
    return {
      from: line.from + Math.max(ink, 0),
      to: line.to,
      severity,
      message: `${issue.key}: ${issue.message}${issue.remedy === "" ? "" : `; ${issue.remedy}`}`,
    };
  };
  const found = [...errors.map((e) => diagnostic(e, "error")), ...warnings.map((w) => diagnostic(w, "warning"))];
  view.dispatch(
    setDiagnostics(
      view.state,
      found.toSorted((a, b) => a.from - b.from),
    ),
  );
}

export function revealLine(view: EditorView, line: number): void {
  const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
  view.dispatch({ selection: { anchor: at.from } });
  // Inside the editor alone: where the page stands is the reader's.
  view.scrollDOM.scrollTop = view.lineBlockAt(at.from).top - view.scrollDOM.clientHeight / 3;
  if (!view.state.readOnly) view.focus();
}
