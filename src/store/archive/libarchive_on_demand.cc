// libarchive's functions, as the reader of other programs' archives calls them.
#include <archive.h>
#include <archive_entry.h>

#include <cstddef>

#include "base/library_on_demand.h"

namespace {

constinit wobackup::LibraryOnDemand libarchive("libarchive.so.13", "libarchive13");

}  // namespace

#define WOBACKUP_ARCHIVE(result, name, parameters, arguments) \
  WOBACKUP_ON_DEMAND(libarchive, result, name, parameters, arguments)

extern "C" {

WOBACKUP_ARCHIVE(archive*, archive_read_new, (), ())
WOBACKUP_ARCHIVE(int, archive_read_free, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_filter_bzip2, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_filter_xz, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_filter_zstd, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_filter_lzma, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_filter_lzip, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_filter_lz4, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_filter_compress, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_format_zip, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_format_cpio, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_format_7zip, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_support_format_raw, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_filter_code, (archive * from, int filter), (from, filter))
WOBACKUP_ARCHIVE(int, archive_read_support_format_tar, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_set_seek_callback, (archive * from, archive_seek_callback* seek), (from, seek))
WOBACKUP_ARCHIVE(int, archive_format, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_set_options, (archive * from, const char* options), (from, options))
WOBACKUP_ARCHIVE(int, archive_read_open2,
                 (archive * from, void* data, archive_open_callback* open, archive_read_callback* read,
                  archive_skip_callback* skip, archive_close_callback* close),
                 (from, data, open, read, skip, close))
WOBACKUP_ARCHIVE(int, archive_read_next_header, (archive * from, archive_entry** entry), (from, entry))
WOBACKUP_ARCHIVE(la_int64_t, archive_read_header_position, (archive * from), (from))
WOBACKUP_ARCHIVE(int, archive_read_data_block,
                 (archive * from, const void** bytes, std::size_t* size, la_int64_t* offset),
                 (from, bytes, size, offset))
WOBACKUP_ARCHIVE(la_int64_t, archive_filter_bytes, (archive * from, int filter), (from, filter))
WOBACKUP_ARCHIVE(const char*, archive_error_string, (archive * from), (from))

WOBACKUP_ARCHIVE(const char*, archive_entry_pathname, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(const char*, archive_entry_hardlink, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(const char*, archive_entry_symlink, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(__LA_MODE_T, archive_entry_filetype, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(__LA_MODE_T, archive_entry_perm, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(la_int64_t, archive_entry_uid, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(la_int64_t, archive_entry_gid, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(const char*, archive_entry_uname, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(const char*, archive_entry_gname, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(la_int64_t, archive_entry_size, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(time_t, archive_entry_mtime, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(long, archive_entry_mtime_nsec, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(dev_t, archive_entry_rdevmajor, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(dev_t, archive_entry_rdevminor, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(int, archive_entry_acl_types, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(char*, archive_entry_acl_to_text, (archive_entry * entry, la_ssize_t* size, int flags),
                 (entry, size, flags))
WOBACKUP_ARCHIVE(int, archive_entry_xattr_reset, (archive_entry * entry), (entry))
WOBACKUP_ARCHIVE(int, archive_entry_xattr_next,
                 (archive_entry * entry, const char** name, const void** value, std::size_t* size),
                 (entry, name, value, size))

}  // extern "C"
