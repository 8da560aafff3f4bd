#!/usr/bin/env python3
"""Mutants: one source file each, with the fault that a careless author could have written. CMake builds them into programs of their
own, mutants.py proves that power_cut notices. The released sources know nothing of it.

    mutate.py NAME SOURCE OUTPUT    writes the mutant of SOURCE; fails when the source no longer reads as the mutant expects
    mutate.py --list                name, source and what notices it, for CMake"""
import pathlib
import sys

ANSWER = "    if (done) {\n        for (std::size_t i = 0; i < group.size(); ++i) committed[i].done"
COMMIT = "    if (auto done = commit(*transaction, batch.reparsed); !done) return done;\n"
# Of groups that are mail alone; a mail program that uses at once what it appended may notice before any cut.
ANSWER_EARLY = """    bool is_mail = true;
    for (const auto& request : group) is_mail = is_mail && request.body_bytes != 0;
    if (is_mail) {
        for (std::size_t i = 0; i < group.size(); ++i) committed[i].done = std::move(group[i].done);
        options_.on_committed(std::move(committed));
        committed.clear();
        // On a fast disk the answer is hardly read before the commit is there: this is a slow one.
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
        while (std::chrono::steady_clock::now() < until) {
        }
    }
"""
SYNC_LOG = "int sync(sqlite3_file* file, int flags) {\n    const int written = write_out(file);\n"
SYNC_DIRECTORY = "        auto synced = files_.sync_directory(readers_->directory());\n        if (!synced) return poison(std::move(synced.error()));\n"

# name → (source, noticed by, [(what stands there, what stands there in the mutant)])
MUTANTS = {
    "pack_not_synced": ("src/store/pack.cpp", "power_cut", [("    if (writer.is_dirty) {\n        if (auto synced", "    if (false) {\n        if (auto synced")]),
    # What SQLite does with synchronous = NORMAL, and with OFF.
    "log_synced_for_checkpoints": ("src/db/gathering_vfs.cpp", "power_cut", [(SYNC_LOG, SYNC_LOG.replace("    const int", "    const bool is_commit = !gathered(file).bytes.empty();\n    const int") +
                                                                              "    if (is_commit) return written;\n")]),
    "log_not_synced": ("src/db/gathering_vfs.cpp", "power_cut", [(SYNC_LOG, SYNC_LOG + "    if (flags != 0) return written;\n")]),
    "mail_answered_before_commit": ("src/store/writer.cpp", "power_cut", [(ANSWER, "    if (done && committed.empty()) return;\n" + ANSWER), (COMMIT, ANSWER_EARLY + COMMIT)]),
    "body_synced_after_commit": ("src/store/writer.cpp", "power_cut", [("    return packs_->sync();\n", "    return {};\n"),
                                                                     (COMMIT, COMMIT + "    if (auto synced = packs_->sync(); !synced) return synced;\n")]),
    # ext4 and XFS keep the name of a new file with its first fdatasync, though POSIX does not promise it: no power cut on them can tell.
    "directory_not_synced": ("src/store/pack.cpp", "store_test", [("    if (writer.is_directory_dirty) {\n" + SYNC_DIRECTORY,
                                                                   "    if (writer.is_directory_dirty) {\n")]),
}


def mutate(text, changes):
    for there, mutant in changes:
        if text.count(there) != 1:
            raise SystemExit(f"mutate.py: {text.count(there)} times in the source, not once:\n{there}")
        text = text.replace(there, mutant)
    return text


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{name} {source} {noticed_by}" for name, (source, noticed_by, _) in MUTANTS.items()))
        return
    name, source, output = sys.argv[1:]
    pathlib.Path(output).write_text(mutate(pathlib.Path(source).read_text(), MUTANTS[name][2]))


if __name__ == "__main__":
    main()
