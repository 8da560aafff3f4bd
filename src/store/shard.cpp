#include "store/shard.hpp"

#include "schema/store.hpp"
#include "store/indexer.hpp"
#include "store/pack_files.hpp"
#include "store/pass.hpp"
#include "store/search_index.hpp"

#include "maild/base/log.hpp"
#include "maild/base/thread_name.hpp"
#include "maild/db/migration.hpp"

namespace maild::store {
namespace {

constexpr std::int64_t kVerifiedAtStart = 256; // bodies
constexpr std::uint64_t kVerifiedBytesAtStart = 64U << 20U;

Result<std::int64_t> number(db::Database& database, db::Sql sql) {
    auto query = database.prepare(sql);
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    return query->column<std::int64_t>(0);
}

constexpr const char* kLost = "meta.db is lost, and there is mail in the packs";

// A new meta.db beside old packs would give UIDs out anew, and the mail would seem gone.
Result<void> check_not_lost(FileSystem& files, const std::string& directory) {
    const auto segments = list_segments(files, directory + "/pack");
    if (!segments) return pass(segments);
    if (segments->empty()) return {};
    const auto meta = files.open(directory + "/meta.db", OpenMode::read_only);
    if (!meta && meta.error().code == Errc::not_found) return fail(Errc::corrupt, kLost);
    return meta ? Result<void>() : pass(meta);
}

// It was cut to nothing: the file is there, and no schema.
Result<void> check_not_empty(db::Database& database, FileSystem& files, const std::string& packs) {
    const auto version = database.user_version();
    if (!version) return pass(version);
    const auto segments = list_segments(files, packs);
    if (!segments) return pass(segments);
    return *version == 0 && !segments->empty() ? fail(Errc::corrupt, kLost) : Result<void>();
}

} // namespace

Shard::Shard(FileSystem& files, const Clock& clock, Random& random, ShardOptions options)
    : files_(files), clock_(clock), random_(random), options_(std::move(options)) {}

Result<std::unique_ptr<Shard>> Shard::open(FileSystem& files, const Clock& clock, Random& random,
                                           ShardOptions options) {
    std::unique_ptr<Shard> shard(new Shard(files, clock, random, std::move(options)));
    if (auto done = shard->recover(); !done) return pass(done);
    if (auto done = shard->open_readers(); !done) return pass(done);
    if (auto done = shard->start_index(); !done) return pass(done);
    shard->start();
    return shard;
}

Result<void> Shard::recover() {
    const auto meta = options_.directory + "/meta.db";
    const auto packs = options_.directory + "/pack";
    if (auto looked = look_at_file_system(meta); !looked) return looked;
    if (!is_read_only()) {
        if (auto made = files_.make_directory(packs); !made) return made;
        if (auto synced = files_.sync_directory(options_.directory); !synced) return synced;
    }
    if (auto dropped = db::drop_cache(files_, meta); !dropped) return dropped;
    if (auto there = check_not_lost(files_, options_.directory); !there) return there;
    auto database = open_database(false, options_.limits.page_cache_kib);
    if (!database) return pass(database);
    database_ = std::make_unique<db::Database>(std::move(*database));
    if (auto known = check_not_empty(*database_, files_, packs); !known) return known;
    if (auto current = bring_up_to_date(); !current) return current;

    const auto last_pack = number(*database_, "SELECT coalesce(max(number), 0) FROM pack");
    if (!last_pack) return pass(last_pack);
    options_.packs.next_number = PackNumber(static_cast<std::uint32_t>(*last_pack) + 1);
    options_.packs.is_read_only = is_read_only();
    auto opened = PackSet::open(files_, random_, packs, options_.packs);
    if (!opened) return pass(opened);
    packs_ = std::move(*opened);
    // Above what an orphan has, too.
    const auto last_body =
        number(*database_, "SELECT max(coalesce((SELECT max(id) FROM body), 0), coalesce((SELECT "
                           "max(body_id) FROM structure), 0), coalesce((SELECT max(body_id) FROM "
                           "content), 0))");
    if (!last_body) return pass(last_body);
    next_body_ = *last_body + 1;
    open_index();
    const auto last_content = number(*database_, "SELECT coalesce(max(id), 0) FROM content");
    if (!last_content) return pass(last_content);
    next_content_ = std::max(*last_content, index_->last()) + 1;
    index_->set_committed(next_content_ - 1);
    if (auto verified = verify_recent(); !verified) return verified;
    if (auto read = read_grantees(); !read) return read;
    look_at_space();
    return {};
}

// What cannot be written cannot be brought to a newer schema either.
Result<void> Shard::bring_up_to_date() {
    const auto version = database_->user_version();
    if (!version) return pass(version);
    const bool is_old = static_cast<std::size_t>(*version) < schema().size();
    if (is_read_only() && is_old)
        return fail(Errc::unavailable, "meta.db has the schema of an older program, and cannot be "
                                       "changed because " +
                                           std::string(read_only_because()));
    if (auto migrated = db::migrate(*database_, schema()); !migrated) return pass(migrated);
    return {};
}

Result<void> Shard::read_grantees() {
    auto rows = database_->prepare(
        "SELECT DISTINCT owner_id, account_id, domain_id FROM acl WHERE is_negative = 0");
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        grantees_[rows->column<AccountId>(0)].push_back(
            {rows->column<AccountId>(1), rows->column<DomainId>(2)});
    }
}

// What the batches before a crash referred to must be on the disk. What is not is the disk's lie:
// it is logged, counted, and answered with `corrupt` when it is read; everything else is served.
Result<void> Shard::verify_recent() {
    auto rows = database_->query("SELECT id, pack, record_offset, metadata_length, length FROM "
                                 "body ORDER BY id DESC LIMIT ?1",
                                 kVerifiedAtStart);
    if (!rows) return pass(rows);
    std::uint64_t bytes = 0;
    while (bytes < kVerifiedBytesAtStart) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) break;
        const Location location{rows->column<PackNumber>(1), rows->column<std::uint64_t>(2),
                                rows->column<std::uint32_t>(3), rows->column<std::uint32_t>(4)};
        bytes += location.body_length;
        const auto whole = packs_->verify(location);
        if (whole) continue;
        const bool is_lost =
            whole.error().code == Errc::corrupt || whole.error().code == Errc::not_found;
        if (!is_lost && !is_read_only()) return whole; // a broken disk serves what it still can
        ++counters_.damaged;
        log::error("store_body_damaged", {{"shard", options_.id.value},
                                          {"body", rows->column<std::int64_t>(0)},
                                          {"pack", location.pack.value},
                                          {"offset", location.offset}});
    }
    return {};
}

// Opening for writing changes nothing, and is refused where nothing can be changed.
Result<void> Shard::look_at_file_system(const std::string& meta) {
    const auto file = files_.open(meta, OpenMode::read_write);
    if (!file && file.error().code == Errc::not_permitted)
        read_only_because_ = "its file system is read-only";
    else if (options_.is_read_only)
        read_only_because_ = "its disk failed to write twice";
    else if (!file && file.error().code != Errc::not_found)
        return pass(file);
    return {};
}

Result<db::Database> Shard::open_database(bool is_reader, int cache_kib) {
    const bool is_frozen = is_read_only();
    return db::Database::open(files_, options_.directory + "/meta.db",
                              {.read_only = is_reader,
                               .is_frozen = is_frozen,
                               .vfs = is_frozen ? options_.frozen_vfs : options_.vfs,
                               .page_cache_kib = cache_kib});
}

Result<void> Shard::open_readers() {
    reader_databases_.reserve(options_.limits.readers);
    for (unsigned i = 0; i < options_.limits.readers; ++i) {
        auto database = open_database(true, options_.limits.page_cache_kib);
        if (!database) return pass(database);
        reader_databases_.push_back(std::move(*database));
    }
    return {};
}

void Shard::start() {
    if (options_.executor != nullptr) {
        alive_ = std::make_shared<bool>(true);
        if (is_read_only()) return;
        options_.executor->post_after(options_.limits.tick, unless_gone(&Shard::tick));
        post_index_work();
        return;
    }
    for (auto& database : reader_databases_) {
        reader_threads_.emplace_back([this, &database] { run_reader(database); });
    }
    if (!is_read_only()) writer_thread_ = std::thread([this] { run_writer(); });
}

Shard::~Shard() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        reads_.clear();
    }
    writes_waiting_.notify_all();
    reads_waiting_.notify_all();
    for (auto& thread : reader_threads_) thread.join();
    stop_index();
    reader_databases_.clear(); // before the writer's last checkpoint
    if (writer_thread_.joinable()) writer_thread_.join();
    if (alive_) finish();
}

void Shard::read(std::move_only_function<void(Reading&)> job) {
    {
        const std::lock_guard lock(mutex_);
        if (is_stopping_) return;
        reads_.push_back(std::move(job));
    }
    if (options_.executor != nullptr)
        options_.executor->post(unless_gone(&Shard::read_once));
    else
        reads_waiting_.notify_one();
}

void Shard::run_reader(db::Database& database) {
    name_thread("reader");
    for (;;) {
        std::move_only_function<void(Reading&)> job;
        {
            std::unique_lock lock(mutex_);
            reads_waiting_.wait(lock, [this] { return is_stopping_ || !reads_.empty(); });
            if (is_stopping_) return;
            job = std::move(reads_.front());
            reads_.pop_front();
        }
        serve(database, job);
    }
}

void Shard::serve(db::Database& database, std::move_only_function<void(Reading&)>& job) {
    Reading reading{database, *packs_, verified_, *index_, is_stopping_};
    job(reading);
    if (database.is_damaged() && !is_damage_told_.exchange(true))
        options_.on_damaged({Errc::corrupt, options_.directory + "/meta.db"}, false);
}

Executor::Work Shard::unless_gone(void (Shard::*work)()) {
    return [this, work, alive = std::weak_ptr(alive_)] {
        if (!alive.expired()) (this->*work)();
    };
}

void Shard::write_once() {
    if (auto group = next_group(); !group.empty()) commit_group(std::move(group));
    if (wal_pages_ > options_.limits.wal_pages) upkeep(false);
}

void Shard::read_once() {
    auto job = std::move(reads_.front());
    reads_.pop_front();
    serve(reader_databases_.front(), job);
}

void Shard::tick() {
    const bool is_idle = writes_.empty();
    if (auto group = next_group(); !group.empty()) commit_group(std::move(group));
    upkeep(is_idle);
    work_on_index();
    options_.executor->post_after(options_.limits.tick, unless_gone(&Shard::tick));
}

void Shard::finish() {
    for (auto group = next_group(); !group.empty(); group = next_group())
        commit_group(std::move(group));
    if (!is_dead_ && !is_read_only()) checkpoint();
}

} // namespace maild::store
