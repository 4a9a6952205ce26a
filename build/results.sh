# shellcheck shell=bash
# Reads what the test runners wrote: counts and failures from TRX and JUnit XML, line coverage from Cobertura.

trx_counter() { sed -n "s/.*<Counters .*[ ]$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -1; }

trx_has_failures() { [[ -f "$1" ]] && (($(trx_counter "$1" failed) > 0)); }

# Of the whole run: the attribute of <testsuites>, which is the first that both of the dashboard's runners write. 0 where there is no report.
junit_counter() {
  local found
  found=$([[ -f "$1" ]] && grep -m1 -o '<testsuites [^>]*' "$1" | sed -n "s/.* $2=\"\([0-9]*\)\".*/\1/p")
  printf '%s\n' "${found:-0}"
}

junit_skipped() { [[ -f "$1" ]] && awk '{ n += gsub(/<skipped/, "") } END { print n + 0 }' "$1" || echo 0; }

from_xml() { sed 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&apos;/'"'"'/g; s/&#x[dD];//g; s/&#x[aA];/ /g; s/&amp;/\&/g'; }

# Each failed test with the first lines of what it said and where: the last lines of a log are often all that is left of a run.
trx_failures() {
  awk '
    /<UnitTestResult /{ failed = /outcome="Failed"/; name = $0; sub(/.* testName="/, "", name); sub(/".*/, "", name); if (failed) print "  " name; said = where = 0 }
    failed && /<Message>/ { message = 1 }
    failed && message { line = $0; sub(/.*<Message>/, "", line); sub(/<\/Message>.*/, "", line); if (line ~ /[^ ]/ && said++ < 12) print "    " substr(line, 1, 500) }
    /<\/Message>/ { message = 0 }
    failed && /\/tests\/.*:line [0-9]+/ && !message && !where++ { line = $0; sub(/.*\/tests\//, "tests/", line); sub(/<.*/, "", line); print "    at " line }' "$1" | from_xml
}

# Of a report in JUnit's form: a <testcase> that holds a <failure> or an <error>, with the first lines of its text, colours taken out.
junit_failures() {
  awk '
    /<testcase /{ name = $0; sub(/.* name="/, "", name); sub(/".*/, "", name) }
    /<(failure|error)[ >]/{ if (name != "") print "  " name; name = ""; inside = 1; said = 0; sub(/.*<(failure|error)[^>]*>/, "") }
    inside {
      line = $0; ends = line ~ /<\/(failure|error)>/
      sub(/<\/(failure|error)>.*/, "", line); sub(/^<!\[CDATA\[/, "", line); sub(/\]\]>$/, "", line)
      gsub(/\033?\[[0-9;]*m/, "", line)
      if (line ~ /[^ ]/ && said++ < 12) print "    " substr(line, 1, 300)
      if (ends) inside = 0
    }' "$1" | from_xml
}

# report_results DIRECTORY CRASHED…: names what failed and ends with the totals. Fails where a test failed, a project
# crashed or nothing ran. A crashed project counts as one failure.
report_results() {
  local directory=$1 file passed=0 failed=0 skipped=0 name
  shift
  for file in "$directory"/*/*.trx; do
    [[ -f "$file" ]] || continue
    skipped=$((skipped + $(awk -F'outcome="NotExecuted"' '{ n += NF > 1 ? NF - 1 : 0 } END { print n + 0 }' "$file")))
    passed=$((passed + $(trx_counter "$file" passed)))
    failed=$((failed + $(trx_counter "$file" failed)))
  done
  for file in "$directory"/*.xml; do
    [[ -f "$file" ]] || continue
    local all bad left
    all=$(junit_counter "$file" tests) bad=$(($(junit_counter "$file" failures) + $(junit_counter "$file" errors))) left=$(junit_skipped "$file")
    skipped=$((skipped + left)) failed=$((failed + bad)) passed=$((passed + all - bad - left))
  done
  failed=$((failed + $#))
  if ((failed > 0)); then
    printf '\nFailed:\n'
    for file in "$directory"/*/*.trx; do
      if [[ -f "$file" ]]; then trx_failures "$file"; fi
    done
    for file in "$directory"/*.xml; do
      if [[ -f "$file" ]]; then junit_failures "$file"; fi
    done
    for name in "$@"; do printf '  %s: the test run ended abnormally\n' "$name"; done
  fi
  if ((passed + failed == 0)); then printf '\nNo test ran.\n'; fi
  if ((skipped > 0)); then printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  else printf '\n%d passed, %d failed\n' "$passed" "$failed"; fi
  ((failed == 0 && passed > 0))
}

# A line counts as covered where any test project covered it. Code that runs in a process of its own (the native agent
# and collector of the end-to-end tests) is not seen.
report_coverage() {
  local files
  files=$(find "$1" -name coverage.cobertura.xml)
  if [[ -z "$files" ]]; then
    printf '\nNo coverage was recorded.\n'
    return
  fi
  printf '\nLine coverage\n'
  # shellcheck disable=SC2086 # one argument per file, and the paths are made by this script
  awk '
    function path_of(name,   i, candidate, line) {
      if (name ~ /^\//) return name
      for (i = 1; i <= sources; i++) {
        candidate = source[i] name
        if ((getline line < candidate) >= 0) { close(candidate); return candidate }
      }
      return name
    }
    FNR == 1 { sources = 0; path = "" }
    /<source>/ { s = $0; sub(/.*<source>/, "", s); sub(/<\/source>.*/, "", s); if (s !~ /\/$/) s = s "/"; source[++sources] = s }
    /<class / { s = $0; sub(/.* filename="/, "", s); sub(/".*/, "", s); if (!(s in known)) known[s] = path_of(s); path = known[s] }
    /<line number=/ && path ~ /\/src\// {
      n = $0; sub(/.*number="/, "", n); sub(/".*/, "", n)
      h = $0; sub(/.*hits="/, "", h); sub(/".*/, "", h)
      key = path ":" n
      if (!(key in hits) || hits[key] < h + 0) hits[key] = h + 0
    }
    END {
      for (key in hits) {
        project = key; sub(/.*\/src\//, "", project); sub(/\/.*/, "", project)
        lines[project]++; all++
        if (hits[key] > 0) { covered[project]++; allCovered++ }
      }
      for (project in lines)
        printf "  %-22s %6.1f %%  (%d of %d lines)\n", project, 100 * covered[project] / lines[project], covered[project], lines[project] | "sort"
      close("sort")
      if (all) printf "  %-22s %6.1f %%  (%d of %d lines)\n", "total", 100 * allCovered / all, allCovered, all
    }' $files
}
