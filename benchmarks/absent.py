"""Things that none of the catalogues has: what :mod:`benchmarks.relevance` asks for in vain.

No phrase is in both lists, and no word that says what is meant.
"""

__all__ = ["ABSENT"]

_VALIDATION = """
lawn mower; pizza; dinosaur; submarine; grand piano; helicopter; chainsaw; washing machine; fire truck; swimming pool;
microscope; violin; tractor; cement mixer; volcano; polar bear; wedding cake; electric guitar; garden hose;
printer cartridge; steel girder; motorcycle engine; bathtub; chess board; kayak; telescope; snow plough; dentist chair;
satellite dish; golden retriever; sushi platter; spaghetti carbonara; diesel generator; roof tiles; aquarium fish;
hamster cage; fishing rod; tennis racket; ceiling fan; hospital bed; oil painting of a ship; tax return form;
baby stroller; how do I reset my password; opening hours; return policy; cheap flights to rome; weather tomorrow;
iphone charger; gaming laptop; usb cable; graphics card; a child riding a pony; sunset over the sea;
football match in the rain; people dancing at a concert; mountain bike; red sports car; paint roller; drill bits;
dog food; cat litter; nappies; tulip bulbs; rose bush; Eiffel tower; map of Brazil; stop sign; traffic jam;
asdfghjkl; qwxz vbnm; zzzzzz; xkcd qqq; blorptang; ffff; lorem ipsum dolor; 8f3a9c1e; wrrtz plk; ooeiu
"""

_TEST = """
vacuum cleaner; hamburger; unicorn; sailing boat; trumpet; airplane; power tool; refrigerator; ambulance; trampoline;
stethoscope; cello; bulldozer; wind turbine; waterfall; elephant; ice cream sundae; drum kit; wheelbarrow;
laser scanner; brick wall; car tyre; toilet seat; billiard cue; surfboard; binoculars; snowmobile; barber pole;
radio antenna; siamese kitten; ramen soup; lasagne; solar panel; garage door; parrot; bird feeder; bowling alley;
golf clubs; crib mattress; wheelchair; portrait of a king; insurance contract; forklift; toddler booster;
where is my order; gift card balance; shipping costs; hotel in paris; football results; android tablet;
mechanical keyboard; hdmi adapter; hard disk; two old men playing cards; snow on the alps; traffic lights;
crowd in a stadium; skateboard; blue pickup lorry; wallpaper paste; screwdriver set; fish tank; horse saddle;
baby bottle; oak tree; cactus pot; pyramids of giza; world atlas; parking meter; railway station; nuclear reactor;
hjkl sdfg; wvutsr; qqqqqq; flibbertigib; plumbus; gggg; consectetur adipiscing elit; 4b7d02aa; xrtpf mnk; uiaeo
"""

ABSENT = {
    split: [" ".join(phrase.split()) for phrase in text.split(";")]
    for split, text in (("validation", _VALIDATION), ("test", _TEST))
}
"""Split -> phrases: everyday things, scenes, questions to a shop, and letters that mean nothing."""
