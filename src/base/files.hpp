// Reading and writing whole files.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace trtyolo {

// The file's bytes; nothing if it cannot be read to its end.
std::optional<std::string> readFile(const std::string& path);

// Writes the parts to another file beside `path` and renames it, so that `path` is whole or what it was before.
// The reason if it cannot be written.
std::error_code writeFile(const std::string& path, std::initializer_list<std::string_view> parts);

// Replaces the file's bytes by what `update` makes of them (empty if there is no file), so that no update of another
// thread or process is lost: see FileLock. The reason if it cannot be written. Throws what `update` throws.
std::error_code updateFile(const std::string& path, const std::function<std::string(const std::string&)>& update);

}  // namespace trtyolo
