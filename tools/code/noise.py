"""Names that a language itself brings: a call of one says nothing about a repository."""

from __future__ import annotations

from collections.abc import Mapping

_PYTHON = """
    abs all Any any append AssertionError AttributeError bool bytearray bytes callable chr classmethod cls dict dir
    divmod enumerate Exception filter float frozenset getattr hasattr hash id ImportError IndexError int isinstance
    issubclass iter KeyError len list map max min next NotImplementedError object open Optional ord OSError print
    property range repr reversed round RuntimeError self set setattr sorted staticmethod StopIteration str sum super
    tuple type TypeError Union ValueError vars zip
"""
_ECMASCRIPT = """
    Array Awaited Boolean catch clearInterval clearTimeout console Date describe Error Exclude expect Extract
    forEach hasOwnProperty isNaN it JSON Map Math NonNullable Number Object Omit Parameters parseFloat parseInt
    Partial Pick Promise push RangeError Readonly Record Reflect RegExp require Required ReturnType Set setInterval
    setTimeout String Symbol SyntaxError then toString TypeError undefined unknown WeakMap WeakSet
"""
_GO = """
    any append bool byte cap clear close comparable complex complex128 complex64 copy delete Error error Errorf
    Fatal Fatalf float32 float64 imag int int16 int32 int64 int8 len make max min new nil panic print println real
    recover rune Sprintf string uint uint16 uint32 uint64 uint8 uintptr
"""
_RUST = """
    as_ref assert assert_eq assert_ne Box Clone clone collect Copy dbg Debug Default Drop eprintln Eq Err format
    From Hash Into into iter Iterator matches None Ok Option Ord panic PartialEq PartialOrd print println Result
    Self Send Sized Some String Sync to_owned to_string todo unimplemented unreachable unwrap Vec vec write writeln
"""
_JAVA = """
    ArrayList Boolean Byte Character Class Collection Deprecated Double Exception Float HashMap HashSet Integer
    Iterable Iterator List Long Map Math Object Override RuntimeException Set Short String System Throwable Void
"""
_KOTLIN = """
    also Any apply Boolean Byte Char check Double Float Int let List listOf Long Map mapOf MutableList MutableMap
    Nothing println require run Set setOf Short String Unit with
"""
_C = """
    abort assert bool calloc defined exit FILE fprintf free int16_t int32_t int64_t int8_t intptr_t malloc memcmp
    memcpy memmove memset NULL offsetof printf ptrdiff_t realloc size_t sizeof snprintf sprintf ssize_t strcat
    strcmp strcpy strlen strncmp strncpy uint16_t uint32_t uint64_t uint8_t uintptr_t va_arg va_end va_list va_start
"""
_CPP = """
    forward make_unique map move shared_ptr std string unique_ptr unordered_map vector
"""
_CSHARP = """
    Boolean Console Dictionary Double Exception IEnumerable Int32 Int64 List nameof Object String Task var
"""
_RUBY = """
    attr_accessor attr_reader attr_writer each extend freeze include is_a? lambda loop map module_function new nil?
    private proc protected public puts raise require require_relative respond_to? to_a to_h to_s to_sym
"""
_PHP = """
    array bool count empty explode float implode in_array int is_array is_null is_string isset mixed parent printf
    self sprintf static str_replace string strlen void
"""
_SWIFT = """
    Any AnyObject Array Bool Character Data Dictionary Double fatalError Float init Int Optional precondition print
    Self self Set String UInt8 Void
"""
_SCALA = """
    Any AnyRef apply Array Boolean Double Either Float Int Left List Long Map None Nothing Option println Right Seq
    Set Some String Unit Vector
"""
_LUA = """
    assert error format getmetatable insert ipairs next pairs pcall print rawget rawset require select setmetatable
    tonumber tostring type unpack
"""
_BASH = """
    . [ [[ awk basename cat cd chmod cp cut declare dirname echo else eval exec exit export false fi find grep head
    if local ls mkdir mv printf read return rm sed set shift sort source tail test then touch tr trap true unset
    wait xargs
"""

NOISE: Mapping[str, frozenset[str]] = {
    "python": frozenset(_PYTHON.split()),
    "javascript": frozenset(_ECMASCRIPT.split()),
    "typescript": frozenset(_ECMASCRIPT.split()),
    "tsx": frozenset(_ECMASCRIPT.split()),
    "go": frozenset(_GO.split()),
    "rust": frozenset(_RUST.split()),
    "java": frozenset(_JAVA.split()),
    "kotlin": frozenset(_KOTLIN.split()),
    "c": frozenset(_C.split()),
    "cpp": frozenset((_C + _CPP).split()),
    "csharp": frozenset(_CSHARP.split()),
    "ruby": frozenset(_RUBY.split()),
    "php": frozenset(_PHP.split()),
    "swift": frozenset(_SWIFT.split()),
    "scala": frozenset(_SCALA.split()),
    "lua": frozenset(_LUA.split()),
    "bash": frozenset(_BASH.split()),
}
"""By language. Methods that nearly every class has are left to the ranking, which weighs names by how rare they are."""
