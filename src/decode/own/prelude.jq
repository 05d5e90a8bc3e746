# What stands beside jaq's own definitions. No clock, no environment, no files, no output: a program sees its message.

def null: [][0];
def isboolean: . == true or . == false;
def isnumber: . > true and . < "";
def isstring: . >= "" and . < [];
def isarray: . >= [] and . < {};
def isobject: . >= {};
def type:
    if . == null then "null"
  elif isboolean then "boolean"
  elif isnumber then "number"
  elif isstring then "string"
  elif isarray then "array"
  else "object" end;

def nan: 0 / 0;
def infinite: 1 / 0;
def isnan: . == nan;
def isinfinite: . == infinite or . == -infinite;
def isnormal: isnumber and . != 0 and (isnan or isinfinite | not);
def abs: if . < 0 then -. end;
def fabs: abs;
def trunc: if . < 0 then ceil else floor end;
def pow($x; $y): [$x, $y] | power;
def log2: log / (2 | log);
def log10: log / (10 | log);

def values: select(. != null);
def nulls: select(. == null);
def booleans: select(isboolean);
def numbers: select(isnumber);
def strings: select(isstring);
def arrays: select(isarray);
def objects: select(isobject);
def iterables: select(. >= []);
def scalars: select(. < []);

def add(f): reduce f as $x (null; . + $x);
def add: add(.[]);
def min_by(f): reduce min_by_or_empty(f) as $x (null; $x);
def max_by(f): reduce max_by_or_empty(f) as $x (null; $x);
def min: min_by(.);
def max: max_by(.);
def unique_by(f): [group_by(f)[] | .[0]];
def unique: unique_by(.);
def keys: keys_unsorted | sort;
def flatten: [recurse(arrays[]) | select(isarray | not)];
def flatten($d): if $d > 0 then map(if isarray then flatten($d-1) else [.] end) | add else . end;
def transpose: [range([.[] | length] | max) as $i | [.[][$i]]];
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);

def split($sep):
  if isstring and ($sep | isstring) then . / $sep
  else error("split: the input and the separator must be strings") end;
def ascii: [.] | implode;
def toboolean:
  if isboolean then . elif . == "true" then true elif . == "false" then false
  else error("toboolean: neither true nor false") end;

# Regular expressions; what finds them stands in regex.rs.
def named_groups: [.[1:][] | select(.name != null) | {(.name): .string}] | add + {};
def test(re; flags): matches(re; flags) | length > 0;
def test(re): test(re; null);
def match(re; flags): matches(re; flags)[] | .[0] + {captures: .[1:]};
def match(re): match(re; null);
def capture(re; flags): matches(re; flags)[] | named_groups;
def capture(re): capture(re; null);
def scan(re; flags): matches(re; "g" + flags)[] | if length > 1 then [.[1:][].string] else .[0].string end;
def scan(re): scan(re; null);
def split(re; flags): [split_matches(re; "g" + flags)[] | select(isstring)];
def splits(re; flags): split(re; flags)[];
def splits(re): splits(re; null);
def sub(re; f; flags):
  reduce split_matches(re; flags)[] as $part
    (""; . + ($part | if isstring then . else named_groups | f end));
def sub(re; f): sub(re; f; null);
def gsub(re; f; flags): sub(re; f; "g" + flags);
def gsub(re; f): gsub(re; f; null);

def @text: "\(.)";
def @json: tojson;
def @base64d: tostring | base64_text;

# Bytes: lists of numbers 0 to 255.
def bits($from; $count): . / pow(2; $from) | floor | . % pow(2; $count);
def bit($n): bits($n; 1) == 1;
def uint: reduce .[] as $byte (0; . * 256 + $byte);
def int: uint as $n | if .[0] >= 128 then $n - pow(256; length) else $n end;
