//! Whether a text speaks of water where none should be. Pure.
//!
//! Water is never left to a guess: what may be a word of it and is not plainly something else reaches people at once.

use super::text::Text;
use super::{Asked, Intent, Understood, understand};

/// What a text says of water.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Water {
    /// Nothing, or that it is over.
    None,
    /// Perhaps: a human must look at once.
    Perhaps,
    /// Water is there.
    There,
}

/// Speaks of something else: water that is missing, what is sold or measured by it, what warns of it, words that merely
/// hold the same letters.
const ELSE: &[&str] = &[
    "hot water",
    "warm water",
    "no water",
    "without water",
    "water heater",
    "water boiler",
    "water pressure",
    "water bill",
    "water meter",
    "water bottle",
    "bottled water",
    "drinking water",
    "water filter",
    "water dispenser",
    "leak sensor",
    "leak sensors",
    "leak detector",
    "leak alarm",
    "water sensor",
    "water sensors",
    "water detector",
    "water alarm",
    "fixing the leak",
    "fixed the leak",
    "repairing the leak",
    "battery leak*",
    "batteries leak*",
    "leaking batter*",
    "leaky batter*",
    "漏水传感器",
    "漏水报警器",
    "漏水探测器",
    "水浸传感器",
    "漏液",
    "漏电",
    "热水",
    "停水",
    "没水",
    "没有水",
    "不出水",
    "水费",
    "水压",
    "水表",
    "饮用水",
    "桶装水",
    "净水器",
    "饮水机",
    "水果",
    "水电",
    "水杯",
    "水壶",
    "水瓶",
    "遗漏",
    "漏掉",
    "漏接",
    "漏发",
    "漏看",
    "漏风",
    "流水账",
];
/// Water where none should be.
const WATER: &[&str] = &[
    "water",
    "leak*",
    "drip*",
    "flood*",
    "burst*",
    "gushing",
    "soaked",
    "漏",
    "滴水",
    "渗水",
    "冒水",
    "流水",
    "进水",
    "积水",
    "喷水",
    "全是水",
    "是水",
    "有水",
    "爆管",
    "水淹",
    "水在流",
    "一直在流",
];

/// What water comes through: of these a human must hear, and nobody is woken for a tap that is loose.
const PIPES: &[&str] = &["tap", "faucet", "valve", "pipe", "pipes", "pouring", "水管", "水阀", "水龙头"];

/// What a text says of water, given what it was understood to mean.
pub fn water(body: &str, understood: &Understood) -> Water {
    if !is_water(body) {
        return Water::None;
    }
    let worst = if speaks_of(body, WATER) { Water::There } else { Water::Perhaps };
    // Beside a mark the words count.
    let plain = if understood.intent == Intent::Score { understand(body, Asked::Nothing) } else { *understood };
    let wants = matches!(plain.intent, Intent::NeedHelp | Intent::NeedBed | Intent::Complaint);
    match plain.intent {
        _ if understood.intent == Intent::Score && !wants => Water::None,
        Intent::WrongNumber | Intent::Done | Intent::Later | Intent::No | Intent::Thanks if plain.is_sure() => {
            Water::None
        }
        Intent::Question | Intent::Thanks => Water::Perhaps,
        _ => worst,
    }
}

/// Whether a text speaks of water, or of what it comes through, at all.
pub fn is_water(body: &str) -> bool {
    speaks_of(body, WATER) || speaks_of(body, PIPES)
}

fn speaks_of(body: &str, words: &[&str]) -> bool {
    let mut text = Text::new(body);
    ELSE.iter().for_each(|phrase| while text.take(phrase) {});
    words.iter().any(|word| text.take(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn water_is_heard_and_what_is_none_is_not() {
        let there = [
            "there is water coming through the ceiling",
            "Water on the kitchen floor",
            "the ceiling is dripping",
            "pipe burst!!",
            "my neighbour says our flat is flooded",
            "I'm at work, my flatmate says there's water in the hall",
            "天花板在滴水",
            "厨房漏水了",
            "卫生间地上有水",
            "楼上渗水下来",
            "水管一直在流",
            "the tap will not close and water runs over",
            "third time the ceiling leaks",
            "1",
        ];
        let (last, there) = there.split_last().expect("some");
        let of = |body: &str| water(body, &understand(body, Asked::Nothing));
        there.iter().for_each(|body| assert_eq!(of(body), Water::There, "{body}"));
        let perhaps = [
            "is it safe to turn the water on again?",
            "有水怎么办？",
            "Where is the valve?",
            "thanks, the water in the hall is nearly gone",
            "please repair the kitchen tap, the handle is loose",
            "水龙头松了，麻烦来修一下",
        ];
        perhaps.iter().for_each(|body| assert_eq!(of(body), Water::Perhaps, "{body}"));
        let none = [
            last,
            "no hot water",
            "the leak sensor keeps beeping",
            "water stopped, all dry now",
            "没有漏水，洒了点水",
            "I closed the tap",
            "thanks for fixing the leak",
            "热水器坏了",
            "电池漏液了",
            "停水了吗",
            "门口有水果，是你们放的吗",
            "是水电费的单子吗",
            "你是不是漏发了一条",
            "最近流感在流行，师傅请戴口罩",
        ];
        none.iter().for_each(|body| assert_eq!(of(body), Water::None, "{body}"));
        let marked = |body: &str| water(body, &understand(body, Asked::Score));
        assert_eq!(marked("10 the leak is fixed, thanks"), Water::None);
        assert_eq!(marked("2 it is still leaking"), Water::There);
    }
}
