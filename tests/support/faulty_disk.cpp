#include "support/faulty_disk.hpp"

#include "support/faulty_inode.hpp"

#include <algorithm>
#include <random>
#include <set>

namespace maild::test {

std::string parent_directory(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

namespace {

bool is_step(DiskCall call) {
    switch (call) {
    case DiskCall::open:
    case DiskCall::read:
    case DiskCall::list: return false;
    default: return true;
    }
}

} // namespace

struct FaultyDisk::Name {
    std::string from;                   // removed; empty when only added
    std::string to;                     // added; empty when only removed
    std::shared_ptr<FaultyInode> inode; // what `to` is; null for a directory
};

class FaultyFile final : public File {
public:
    FaultyFile(FaultyDisk& disk, std::shared_ptr<FaultyInode> inode, std::string path,
               bool is_writable)
        : disk_(disk),
          inode_(std::move(inode)),
          path_(std::move(path)),
          boot_(disk.boot_),
          is_writable_(is_writable) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
        const std::scoped_lock lock(disk_.mutex_);
        if (auto entered = enter(DiskCall::read); !entered) {
            return std::unexpected(std::move(entered.error()));
        }
        if (offset >= inode_->seen.size()) return 0;
        return inode_->seen.copy(out.data(), out.size(), offset);
    }

    Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) override {
        std::string bytes;
        for (const auto piece : pieces) bytes += piece;
        const std::scoped_lock lock(disk_.mutex_);
        if (auto entered = enter_writing(DiskCall::write); !entered) {
            if (disk_.is_on() && is_writable_ && !disk_.is_read_only_) write_half(offset, bytes);
            return entered;
        }
        if (!disk_.fits(*inode_, offset + bytes.size())) {
            write_half(offset, bytes);
            return fail(Errc::no_space, "write " + path_);
        }
        if (!bytes.empty()) inode_->change({offset, std::move(bytes), false});
        return {};
    }

    Result<void> sync_data() override {
        const std::scoped_lock lock(disk_.mutex_);
        auto entered = enter(DiskCall::sync);
        if (entered && disk_.is_forgotten(path_)) return {};
        if (entered)
            inode_->sync();
        else if (disk_.is_on())
            inode_->forget_dirty();
        return entered;
    }

    Result<void> truncate(std::uint64_t size) override {
        const std::scoped_lock lock(disk_.mutex_);
        if (auto entered = enter_writing(DiskCall::truncate); !entered) return entered;
        if (!disk_.fits(*inode_, size)) return fail(Errc::no_space, "truncate " + path_);
        inode_->change({size, {}, true});
        inode_->allocated = 0;
        return {};
    }

    Result<void> allocate(std::uint64_t size) override {
        const std::scoped_lock lock(disk_.mutex_);
        if (auto entered = enter_writing(DiskCall::allocate); !entered) return entered;
        if (!disk_.fits(*inode_, size)) return fail(Errc::no_space, "allocate " + path_);
        inode_->allocated = std::max(inode_->allocated, size);
        return {};
    }

    Result<std::uint64_t> size() const override {
        const std::scoped_lock lock(disk_.mutex_);
        if (auto usable = check_usable(); !usable) {
            return std::unexpected(std::move(usable.error()));
        }
        return inode_->seen.size();
    }

    void drop_cache() const override {
        const std::scoped_lock lock(disk_.mutex_);
        if (check_usable()) inode_->drop_cache();
    }

private:
    Result<void> check_usable() const {
        if (boot_ != disk_.boot_) return fail(Errc::io, path_ + ": opened before the crash");
        if (!disk_.is_on()) return fail(Errc::io, path_ + ": no power");
        return {};
    }
    Result<void> enter(DiskCall call) const {
        if (boot_ != disk_.boot_) return check_usable();
        return disk_.enter(call, path_);
    }
    Result<void> enter_writing(DiskCall call) const {
        if (!is_writable_) return fail(Errc::invalid_argument, path_ + ": opened for reading");
        return enter(call);
    }
    void write_half(std::uint64_t offset, const std::string& bytes) {
        auto half = bytes.substr(0, bytes.size() / 2);
        while (!half.empty() && !disk_.fits(*inode_, offset + half.size())) {
            half.resize(half.size() / 2);
        }
        if (!half.empty()) inode_->change({offset, std::move(half), false});
    }

    FaultyDisk& disk_;
    std::shared_ptr<FaultyInode> inode_;
    std::string path_;
    std::uint64_t boot_;
    bool is_writable_;
};

FaultyDisk::FaultyDisk() {
    seen_["/"] = nullptr;
    durable_["/"] = nullptr;
}

FaultyDisk::~FaultyDisk() = default;

Result<std::unique_ptr<File>> FaultyDisk::open(const std::string& path, OpenMode mode) {
    const std::scoped_lock lock(mutex_);
    const bool is_creation = mode == OpenMode::create_new;
    if (auto entered = enter(DiskCall::open, path, is_creation); !entered) {
        return std::unexpected(std::move(entered.error()));
    }
    if (is_read_only_ && mode != OpenMode::read_only)
        return fail(Errc::not_permitted, "open " + path);
    auto found = seen_.find(path);
    if (!is_creation && found == seen_.end()) return fail(Errc::not_found, "open " + path);
    if (is_creation) {
        if (found != seen_.end()) return fail(Errc::already_exists, "open " + path);
        if (!seen_.contains(parent_directory(path))) return fail(Errc::not_found, "open " + path);
        change({{}, path, std::make_shared<FaultyInode>()});
        found = seen_.find(path);
    }
    if (found->second == nullptr) return fail(Errc::io, path + " is a directory");
    return std::make_unique<FaultyFile>(*this, found->second, path, mode != OpenMode::read_only);
}

Result<std::vector<std::string>> FaultyDisk::list(const std::string& directory) {
    const std::scoped_lock lock(mutex_);
    if (auto entered = enter(DiskCall::list, directory); !entered) {
        return std::unexpected(std::move(entered.error()));
    }
    if (!seen_.contains(directory)) return fail(Errc::io, "no directory " + directory);
    std::vector<std::string> names;
    for (const auto& [path, inode] : seen_) {
        if (path != "/" && parent_directory(path) == directory) {
            names.push_back(path.substr(path.rfind('/') + 1));
        }
    }
    return names;
}

Result<void> FaultyDisk::make_directory(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    if (is_read_only_ && seen_.contains(path)) return {};
    if (auto entered = enter(DiskCall::make_directory, path); !entered) return entered;
    if (seen_.contains(path)) return {};
    if (!seen_.contains(parent_directory(path))) return fail(Errc::io, "mkdir " + path);
    change({{}, path, nullptr});
    return {};
}

Result<void> FaultyDisk::remove(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    if (auto entered = enter(DiskCall::remove, path); !entered) return entered;
    const auto found = seen_.find(path);
    if (found == seen_.end()) return fail(Errc::not_found, "unlink " + path);
    change({path, {}, found->second});
    return {};
}

Result<void> FaultyDisk::rename(const std::string& from, const std::string& to) {
    const std::scoped_lock lock(mutex_);
    if (auto entered = enter(DiskCall::rename, from); !entered) return entered;
    const auto found = seen_.find(from);
    if (found == seen_.end()) return fail(Errc::not_found, "rename " + from);
    if (found->second == nullptr || !seen_.contains(parent_directory(to))) {
        return fail(Errc::io, "rename " + from);
    }
    change({from, to, found->second});
    return {};
}

Result<void> FaultyDisk::sync_directory(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    const auto is_here = [&](const Name& name) {
        return (!name.from.empty() && parent_directory(name.from) == path) ||
               (!name.to.empty() && parent_directory(name.to) == path);
    };
    auto entered = enter(DiskCall::sync_directory, path);
    if ((!entered && !is_on()) || (entered && is_forgotten(path))) return entered;
    if (!seen_.contains(path)) return fail(Errc::io, "no directory " + path);
    for (const auto& name : unsynced_names_) {
        if (entered && is_here(name)) apply(durable_, name);
    }
    std::erase_if(unsynced_names_, is_here); // after a failure they are lost, as with files
    return entered;
}

Result<std::uint64_t> FaultyDisk::free_bytes(const std::string&) {
    const std::scoped_lock lock(mutex_);
    const auto taken = used();
    return taken < capacity_ ? capacity_ - taken : 0;
}

bool FaultyDisk::exists(const std::string& path) const {
    const std::scoped_lock lock(mutex_);
    return seen_.contains(path);
}

std::uint64_t FaultyDisk::steps() const {
    const std::scoped_lock lock(mutex_);
    return steps_;
}

std::uint64_t FaultyDisk::calls(DiskCall call) const {
    const std::scoped_lock lock(mutex_);
    const auto found = calls_.find(call);
    return found == calls_.end() ? 0 : found->second;
}

void FaultyDisk::cut_power_after(std::uint64_t steps) {
    const std::scoped_lock lock(mutex_);
    power_until_ = steps_ + steps;
}

bool FaultyDisk::is_on() const { return !is_off_; }

bool FaultyDisk::is_powered() const {
    const std::scoped_lock lock(mutex_);
    return is_on();
}

void FaultyDisk::crash(Survives what, std::uint64_t seed) {
    const std::scoped_lock lock(mutex_);
    std::mt19937_64 random(seed);
    std::bernoulli_distribution keep(0.5);
    for (const auto& name : unsynced_names_) {
        const bool is_kept =
            what == Survives::everything || (what != Survives::synced && keep(random));
        if (is_kept) apply(durable_, name);
    }
    unsynced_names_.clear();
    drop_orphans();
    seen_ = durable_;
    std::set<FaultyInode*> done; // a file may have two names after a torn rename
    for (const auto& [path, inode] : seen_) {
        if (inode == nullptr || !done.insert(inode.get()).second) continue;
        if (what == Survives::everything)
            inode->sync();
        else if (what == Survives::torn)
            inode->cut_short(random);
        else
            inode->lose_cache(what == Survives::some ? &random : nullptr);
    }
    power_until_.reset();
    failures_.clear();
    is_off_ = false;
    ++boot_;
}

void FaultyDisk::fail_nth(DiskCall call, std::uint64_t n, Errc code) {
    const std::scoped_lock lock(mutex_);
    failures_[call] = {calls_[call] + n, code};
}

void FaultyDisk::clear_failures() {
    const std::scoped_lock lock(mutex_);
    failures_.clear();
}

void FaultyDisk::forget_syncs_of(std::string suffix) {
    const std::scoped_lock lock(mutex_);
    forgotten_ = std::move(suffix);
}

bool FaultyDisk::is_forgotten(std::string_view path) const {
    return !forgotten_.empty() && path.ends_with(forgotten_);
}

void FaultyDisk::observe(Observer observer) {
    const std::scoped_lock lock(mutex_);
    observer_ = std::move(observer);
}

std::unique_ptr<FaultyDisk> FaultyDisk::copy() const {
    const std::scoped_lock lock(mutex_);
    return copy_now();
}

std::uint64_t FaultyDisk::used_bytes() const {
    const std::scoped_lock lock(mutex_);
    return used();
}

// Files of their own, shared among its names as they are here.
std::unique_ptr<FaultyDisk> FaultyDisk::copy_now() const {
    auto other = std::make_unique<FaultyDisk>();
    std::map<const FaultyInode*, std::shared_ptr<FaultyInode>> copies;
    const auto copied = [&](const std::shared_ptr<FaultyInode>& inode) {
        if (inode == nullptr) return inode;
        auto& made = copies[inode.get()];
        if (made == nullptr) made = std::make_shared<FaultyInode>(*inode);
        return made;
    };
    for (const auto& [path, inode] : seen_) other->seen_[path] = copied(inode);
    for (const auto& [path, inode] : durable_) other->durable_[path] = copied(inode);
    for (const auto& name : unsynced_names_)
        other->unsynced_names_.push_back({name.from, name.to, copied(name.inode)});
    other->capacity_ = capacity_;
    other->boot_ = boot_;
    return other;
}

void FaultyDisk::set_capacity(std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    capacity_ = bytes;
}

void FaultyDisk::set_read_only(bool is_read_only) {
    const std::scoped_lock lock(mutex_);
    is_read_only_ = is_read_only;
}

void FaultyDisk::flip_bit(const std::string& path, std::uint64_t offset, int bit) {
    const std::scoped_lock lock(mutex_);
    seen_.at(path)->flip_bit(offset, bit);
}

std::string FaultyDisk::contents(const std::string& path) const {
    const std::scoped_lock lock(mutex_);
    return seen_.at(path)->seen;
}

// Every call goes through here: power, count, planned failure.
Result<void> FaultyDisk::enter(DiskCall call, std::string_view path, bool is_creation) {
    const bool counts = is_step(call) || (call == DiskCall::open && is_creation);
    if (power_until_ && counts && steps_ >= *power_until_) is_off_ = true;
    if (is_off_) return fail(Errc::io, std::string(path) + ": no power");
    if (counts && is_read_only_)
        return fail(Errc::not_permitted, std::string(path) + ": read-only");
    if (counts && observer_) observer_(copy_now());
    if (counts) ++steps_;
    const auto number = ++calls_[call];
    const auto planned = failures_.find(call);
    if (planned != failures_.end() && planned->second.at == number) {
        return fail(planned->second.code, std::string(path) + ": failure asked for");
    }
    return {};
}

// A change whose premise was itself lost (a rename of a file whose creation did not survive) still
// names the file.
void FaultyDisk::apply(Names& names, const Name& change) const {
    if (!change.from.empty()) {
        const auto found = names.find(change.from);
        if (found != names.end() && found->second == change.inode) names.erase(found);
    }
    if (!change.to.empty()) names[change.to] = change.inode;
}

// Names in a directory that did not survive itself. A parent sorts before its children.
void FaultyDisk::drop_orphans() {
    for (auto name = durable_.begin(); name != durable_.end();) {
        if (durable_.contains(parent_directory(name->first)))
            ++name;
        else
            name = durable_.erase(name);
    }
}

void FaultyDisk::change(Name change) {
    apply(seen_, change);
    unsynced_names_.push_back(std::move(change));
}

std::uint64_t FaultyDisk::used() const {
    std::uint64_t bytes = 0;
    for (const auto& [path, inode] : seen_) {
        if (inode != nullptr)
            bytes += std::max<std::uint64_t>(inode->seen.size(), inode->allocated);
    }
    return bytes;
}

bool FaultyDisk::fits(const FaultyInode& inode, std::uint64_t size) const {
    const auto held = std::max<std::uint64_t>(inode.seen.size(), inode.allocated);
    return size <= held || (capacity_ >= used() && size - held <= capacity_ - used());
}

} // namespace maild::test
