#include "db/gathering_vfs.hpp"

#include <atomic>
#include <cstdint>
#include <new>

namespace maild::db::detail {
namespace {

// Then it is written without waiting for more. os_unix.c takes no more than 0x1ffff octets at once,
// and would write a part of what is larger.
constexpr std::size_t kMostGathered = 124 * 1024;

// What SQLite allocates for a WAL: it begins with the base class of the C interface, and the file
// of the VFS below comes behind it.
struct Log {
    sqlite3_file base;
    Gathered* gathered;
};
static_assert(alignof(Log) <= 8 && sizeof(Log) % 8 == 0, "SQLite's memory is aligned to 8");

Gathered& gathered(sqlite3_file* file) { return *reinterpret_cast<Log*>(file)->gathered; }

sqlite3_file* below(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<Log*>(file) + 1);
}

// What could not be written is not tried again. At a write and at a sync SQLite then gives the
// whole transaction up, whatever the reason.
int write_out(sqlite3_file* file) {
    auto& state = gathered(file);
    if (state.bytes.empty()) return SQLITE_OK;
    auto* const target = below(file);
    const int result = target->pMethods->xWrite(target, state.bytes.data(),
                                                static_cast<int>(state.bytes.size()), state.at);
    state.bytes.clear();
    return result;
}

// Elsewhere a full disk would end no more than the statement, and the transaction would go on, to
// be committed without what is lost here.
int write_out_early(sqlite3_file* file) {
    return write_out(file) == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

// What is left belongs to no commit.
int close(sqlite3_file* file) {
    gathered(file).bytes.clear();
    return below(file)->pMethods->xClose(below(file));
}

int read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    const int written = write_out_early(file);
    if (written != SQLITE_OK) return written;
    return below(file)->pMethods->xRead(below(file), out, amount, offset);
}

int write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
    auto& state = gathered(file);
    if (!state.may_gather) return below(file)->pMethods->xWrite(below(file), data, amount, offset);
    const auto size = static_cast<std::size_t>(amount);
    const auto end = state.at + static_cast<sqlite3_int64>(state.bytes.size());
    if (!state.bytes.empty() && (offset != end || state.bytes.size() + size > kMostGathered)) {
        const int written = write_out(file);
        if (written != SQLITE_OK) return written;
    }
    if (state.bytes.empty()) state.at = offset;
    const auto* const bytes = static_cast<const std::byte*>(data);
    try {
        state.bytes.insert(state.bytes.end(), bytes, bytes + size);
    } catch (const std::bad_alloc&) { // SQLite is C
        return SQLITE_NOMEM;
    }
    return SQLITE_OK;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const int written = write_out_early(file);
    if (written != SQLITE_OK) return written;
    return below(file)->pMethods->xTruncate(below(file), size);
}

int sync(sqlite3_file* file, int flags) {
    const int written = write_out(file);
    if (written != SQLITE_OK) return written;
    return below(file)->pMethods->xSync(below(file), flags);
}

int file_size(sqlite3_file* file, sqlite3_int64* out) {
    const int written = write_out_early(file);
    if (written != SQLITE_OK) return written;
    return below(file)->pMethods->xFileSize(below(file), out);
}

int lock(sqlite3_file* file, int level) { return below(file)->pMethods->xLock(below(file), level); }
int unlock(sqlite3_file* file, int level) {
    return below(file)->pMethods->xUnlock(below(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* out) {
    return below(file)->pMethods->xCheckReservedLock(below(file), out);
}
int file_control(sqlite3_file* file, int what, void* argument) {
    return below(file)->pMethods->xFileControl(below(file), what, argument);
}
int sector_size(sqlite3_file* file) { return below(file)->pMethods->xSectorSize(below(file)); }
int device_characteristics(sqlite3_file* file) {
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

// Without what only a database has: shared memory and memory maps.
const sqlite3_io_methods kMethods = {.iVersion = 1,
                                     .xClose = close,
                                     .xRead = read,
                                     .xWrite = write,
                                     .xTruncate = truncate,
                                     .xSync = sync,
                                     .xFileSize = file_size,
                                     .xLock = lock,
                                     .xUnlock = unlock,
                                     .xCheckReservedLock = check_reserved_lock,
                                     .xFileControl = file_control,
                                     .xSectorSize = sector_size,
                                     .xDeviceCharacteristics = device_characteristics,
                                     .xShmMap = nullptr,
                                     .xShmLock = nullptr,
                                     .xShmBarrier = nullptr,
                                     .xShmUnmap = nullptr,
                                     .xFetch = nullptr,
                                     .xUnfetch = nullptr};

std::string unused_name() {
    static std::atomic<std::uint64_t> last{0};
    return "maild-gathering-" + std::to_string(++last);
}

} // namespace

std::unique_ptr<GatheringVfs> GatheringVfs::create(const std::string& base) {
    auto* const found = sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
    return found == nullptr ? nullptr : std::unique_ptr<GatheringVfs>(new GatheringVfs(found));
}

// All but open() is the other's, with what it keeps beside its methods.
GatheringVfs::GatheringVfs(sqlite3_vfs* base)
    : name_(unused_name()), base_(base), vfs_{*base, this} {
    vfs_.szOsFile = static_cast<int>(sizeof(Log)) + base->szOsFile;
    vfs_.pNext = nullptr;
    vfs_.zName = name_.c_str();
    vfs_.xOpen = open;
    sqlite3_vfs_register(&vfs_, 0);
}

GatheringVfs::~GatheringVfs() { sqlite3_vfs_unregister(&vfs_); }

int GatheringVfs::open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags,
                       int* out_flags) {
    auto& self = *static_cast<Vfs*>(vfs)->self;
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return self.base_->xOpen(self.base_, name, file, flags, out_flags);
    auto* const log = reinterpret_cast<Log*>(file);
    auto* const target = below(file);
    const int result = self.base_->xOpen(self.base_, name, target, flags, out_flags);
    // SQLite closes what has methods, also after a failure.
    log->base.pMethods = nullptr;
    if (result != SQLITE_OK) {
        if (target->pMethods != nullptr) target->pMethods->xClose(target);
        return result;
    }
    log->gathered = &self.gathered_;
    self.gathered_.bytes.clear();
    self.gathered_.may_gather =
        (target->pMethods->xDeviceCharacteristics(target) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
    log->base.pMethods = &kMethods;
    return SQLITE_OK;
}

} // namespace maild::db::detail
