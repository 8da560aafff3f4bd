#pragma once
// A LocalStore in a temporary directory, whose meta.db can be damaged while it is closed.

#include "store/conformance.hpp"
#include "support/temp_dir.hpp"

#include "maild/db/database.hpp"
#include "maild/store/local_store.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace maild::store::test {

class CheckSubject final : public Subject {
public:
    void open() {
        LocalStoreOptions options;
        options.directory = dir / "shard";
        options.watermark_bytes = 0;
        options.ballast_bytes = 0;
        options.shards = shards;
        options.has_index = has_index;
        options.retention = retention;
        options.upkeep_interval = upkeep_interval;
        options.parse = [](std::string_view) { return structure("appended"); };
        options.on_fatal = [](const Error& error) { ADD_FAILURE() << "fatal: " << error.internal; };
        options.on_trouble = [this](const std::string& what) { trouble = what; };
        auto opened = LocalStore::open({io, files, clock, random}, key, options);
        if (!opened) throw std::runtime_error(opened.error().internal);
        store_ = std::move(*opened);
    }
    void close() { store_.reset(); }
    void plant(db::Sql fault) {
        close();
        auto database = db::Database::open(files, shard() + "/meta.db");
        if (!database) throw std::runtime_error(database.error().internal);
        for (const auto& sql : {db::Sql("PRAGMA foreign_keys = OFF"), fault}) {
            if (auto done = database->execute_script(sql); !done)
                throw std::runtime_error(done.error().internal);
        }
        database->checkpoint(db::CheckpointMode::truncate).value();
    }
    // Every slice of it.
    std::vector<CheckFinding> check(CheckRequest request = {}) {
        std::vector<CheckFinding> all;
        slices = 0;
        do {
            const auto slice = run(admin().check(request));
            if (!slice) throw std::runtime_error("check: " + slice.error().internal);
            all.insert(all.end(), slice->findings.begin(), slice->findings.end());
            counts.bodies += slice->counts.bodies;
            counts.messages += slice->counts.messages;
            request.from = slice->next;
            ++slices;
        } while (request.from);
        return all;
    }
    std::string shard() const { return dir / "shard/01"; }
    MessageStore& store() override { return *store_; }
    StoreAdmin& admin() override { return *store_; }

    maild::test::TempDir dir;
    PosixFileSystem files;
    SystemRandom random;
    std::vector<ShardId> shards{ShardId(1)};
    bool has_index = true;
    std::chrono::milliseconds retention = LocalStoreOptions().retention;
    std::chrono::milliseconds upkeep_interval = LocalStoreOptions().upkeep_interval;
    std::string trouble;
    CheckCounts counts;
    int slices = 0;

private:
    std::unique_ptr<LocalStore> store_;
};

// "mailbox 1 INBOX 0: the mailbox counts …", a line each.
inline std::string text(const std::vector<CheckFinding>& findings) {
    std::string out;
    for (const auto& f : findings) {
        out += std::string(name_of(f.kind)) + " " + std::to_string(f.account.value) + " " +
               f.mailbox + " " + std::to_string(f.uid.value) + ": " + f.what +
               (f.is_repaired ? ": repaired" : "") + "\n";
    }
    return out;
}

} // namespace maild::store::test
