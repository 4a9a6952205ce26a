import { LeaveQuestion } from "~/shared/components/LeaveQuestion";

const draftAt = (search: object) => {
  const { tab, version } = search as { tab?: string; version?: number };
  return `${tab} ${version}`;
};

/** Asks before a text that is kept nowhere is left. What stays on the page (a chosen component, a preview) does not leave it. */
export function LeaveDraft({ isDirty }: { isDirty: boolean }) {
  return (
    <LeaveQuestion isDirty={isDirty} leaves={(from, to) => from.pathname !== to.pathname || draftAt(from.search) !== draftAt(to.search)}>
      The text is not published, and is lost when you leave.
    </LeaveQuestion>
  );
}
