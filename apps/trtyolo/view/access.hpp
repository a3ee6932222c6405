// Who may look at a view: a token, and no names that others have made to point to this machine.
#pragma once

#include <string>
#include <string_view>

namespace app {

/// A token of 32 hexadecimal digits, made of the operating system's random numbers.
/// @throws std::runtime_error  it gives none
std::string randomToken();

/// Whether both are the same. How long it takes depends on the length of `given` alone, so that no answer tells how
/// much of a token was right.
bool sameToken(std::string_view given, std::string_view token);

/// Whether what a browser sends as Host (a name or an address, with a port or without) is this machine's loopback. A
/// server that only this machine can reach refuses others: somebody else's page may have got there by a name that was
/// made to point here (DNS rebinding).
bool namesLoopback(std::string_view host);

/// The value of `name` in pairs like "a=1&b=2", `separator` between them and spaces in front of a name left out; empty
/// if there is none.
std::string_view valueOf(std::string_view name, std::string_view pairs, char separator);

}  // namespace app
