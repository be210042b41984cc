# ruff: noqa: E501 - a pattern is read as one line
"""The patterns of moderation, by category: English phrases with a weight each.

A weight is how sure one match makes: 0.9 says that hardly anybody writes it in another sense, 0.3
that it only counts beside others. Written for this project; no published list was copied.
"""

PEOPLE = (
    r"(?:immigrants?|migrants?|refugees|foreigners|muslims?|jews?|jewish people|christians|hindus?"
    r"|black(?:s| people)|white(?:s| people)|asians?|africans|arabs?|mexicans|roma|gypsies|gays?"
    r"|gay people|lesbians?|trans(?:gender)? people|homosexuals|women|disabled people|cripples)"
)
"""Groups that hate is aimed at, in plain words. Slurs are not listed."""
SOMEBODY = (
    r"(?:you|him|her|them|(?:your|his|her|their|my) (?:\w+ )?(?:family|wife|husband|kids|children"
    r"|mother|father|boss|neighbou?r|dog|brother|sister|ex|teacher|coworker|colleague)"
    r"|every(?:one|body)|that (?:man|woman|guy|bitch|bastard))"
)
INTEND = r"(?:i(?: am|'m)? ?(?:will|'ll|going to|gonna|want to|wanna|swear i(?:'ll| will))|we will|we'll)"
HOW = (
    r"(?:how (?:do i|can i|could i|do you|can you|to|would (?:one|someone))|(?:steps|instructions"
    r"|recipe|guide|tutorial|directions|best way|easiest way|tell me how|teach me(?: how)?"
    r"|show me how|explain how) (?:for|to|on|how to)?)"
)
"""How somebody asks for instructions."""
HURT = r"(?:kill|murder|stab|shoot|strangle|beat (?:up)?|hurt|burn|torture|slaughter|rape|choke|hang|bash)"
MINOR = (
    r"(?:child(?:ren)?|kids?|minors?|underage|under-age|preteens?|toddlers?|school ?girls?"
    r"|school ?boys?|little (?:girl|boy)s?|(?:[4-9]|1[0-7])[- ]?(?:years?[- ]?old|y/?o))"
)
SEXUAL = (
    r"(?:porn\w*|sex(?:ual(?:ly)?|y)?|nudes?|naked|erotic\w*|masturbat\w*|orgasm\w*|blow ?jobs?"
    r"|genitals?|penis|vagina|aroused|horny|fuck(?:ed|ing)? (?:me|her|him|you)|seduc\w+)"
)

Rules = dict[str, tuple[tuple[str, float], ...]]

RULES: Rules = {
    "harassment": (
        (
            r"\byou(?: are|'re|r)? (?:such )?(?:an? )?(?:\w+ ){0,2}(?:idiot|moron|imbecile|loser"
            r"|pig|dumbass|bitch|bastard|asshole|piece of (?:shit|trash|garbage)|scum|cretin"
            r"|retard|slut|whore|waste of (?:space|oxygen|air))\b",
            0.8,
        ),
        (
            r"\b(?:stupid|dumb|fat|ugly|worthless|pathetic|filthy) (?:bitch|bastard|cunt|pig|cow|idiot|moron|loser)\b",
            0.7,
        ),
        (
            r"\b(?:fuck|screw) (?:you|off)\b|\bgo to hell\b|\bshut (?:the fuck|your (?:dumb |stupid )?mouth)",
            0.6,
        ),
        (r"\b(?:nobody|no one|everyone) (?:likes|loves|wants|hates|despises) you\b", 0.6),
        (r"\bkill yourself\b|\bgo (?:and )?die\b|\bkys\b|\bhope you die\b", 0.8),
        (
            r"\byou(?: are|'re) (?:\w+ )?(?:stupid|worthless|pathetic|disgusting|ugly|useless)\b",
            0.6,
        ),
    ),
    "harassment/threatening": (
        (rf"\b{INTEND} (?:\w+ ){{0,2}}{HURT} (?:you|your)\b", 0.9),
        (
            r"\byou(?:'re| are| will be|'ll be) (?:as good as |going to be )?dead\b|\byou(?:'re| are) going to die\b",
            0.7,
        ),
        (r"\bi know where you (?:live|work|sleep)\b", 0.7),
        (
            r"\byou(?:'ll| will| are going to) (?:regret|pay for) (?:this|it|that)\b[^.!?]{0,120}\b(?:hurt|blood|break|die)\b",
            0.6,
        ),
        (
            r"\b(?:break|smash) (?:your|every bone in your) (?:\w+ )?(?:legs?|face|neck|skull|head|arms?|body)\b",
            0.8,
        ),
        (r"\b(?:watch your back|come after you|come for you|find you and)\b", 0.55),
    ),
    "hate": (
        (
            rf"\b{PEOPLE} (?:are|is) (?:all |nothing but |just |like )*(?:an? )?(?:\w+ )?(?:vermin|animals|rats|parasites"
            r"|cockroaches|subhuman|inferior|criminals|filth|scum|trash|disease|plague|savages"
            r"|stupid|dirty|evil|garbage|monkeys|rapists|terrorists)\b",
            0.85,
        ),
        (
            rf"\b(?:i|we) (?:\w+ )?(?:hate|despise|loathe) (?:all |those |these |the )*(?:fucking )?{PEOPLE}\b",
            0.8,
        ),
        (
            rf"\b{PEOPLE} (?:do not|don't) (?:belong|deserve)\b|\b{PEOPLE} (?:are|is) (?:ruining|destroying|poisoning|invading)\b",
            0.7,
        ),
        (rf"\b(?:get rid of|deport|ban|keep out|expel) (?:all|every) (?:the )?{PEOPLE}\b", 0.7),
        (r"\bgo back to (?:your (?:own )?country|where you came from)\b", 0.65),
        (r"\b(?:white|aryan|racial) (?:power|supremacy rules|purity)\b|\bmaster race\b", 0.5),
    ),
    "hate/threatening": (
        (
            rf"\b(?:kill|exterminate|shoot|hang|gas|burn|lynch|wipe out|slaughter|bomb) (?:all |every |the |those |these )*{PEOPLE}\b",
            0.9,
        ),
        (
            rf"\b{PEOPLE} (?:should|must|need to|deserve to|ought to) (?:all )?(?:be (?:\w+ )?(?:killed|shot|hanged|exterminated|burned|gassed|wiped out|lynched)|die)\b",
            0.9,
        ),
    ),
    "self-harm": (
        (
            r"\b(?:kill(?:ing)?|hurt(?:ing)?|harm(?:ing)?|cut(?:ting)?|starv(?:e|ing)|hang(?:ing)?) (?:myself|yourself|herself|himself|themselves)\b",
            0.7,
        ),
        (r"\bself[- ]harm\w*\b|\bsuicid(?:e|al)\b", 0.35),
        (
            r"\b(?:commit(?:ting)?|attempt(?:ed|ing)?|consider(?:ing)?|contemplat\w+) suicide\b|\bsuicidal\b",
            0.55,
        ),
        (
            r"\bslit(?:ting)? (?:my|your|her|his) wrists?\b|\boverdos(?:e|ing) on (?:pills|my)\b",
            0.75,
        ),
        (r"\b(?:end(?:ing)?|tak(?:e|ing)) (?:my|your|his|her) (?:own )?life\b", 0.7),
        (r"\b(?:pro[- ]?ana|thinspo\w*)\b", 0.7),
    ),
    "self-harm/intent": (
        (
            r"\bi(?: am|'m)? ?(?:\w+ ){0,4}(?:kill|hurt|harm|cut|hang|drown|starve|shoot) myself\b",
            0.85,
        ),
        (
            r"\bi (?:\w+ ){0,3}(?:want|wish|plan|going|ready|need|decided) (?:\w+ )?(?:to )?(?:die|be dead|end it all|end my life|disappear forever)\b",
            0.8,
        ),
        (r"\bi(?: do not|don't| no longer) want to (?:live|be alive|exist|wake up)\b", 0.8),
        (
            r"\bi(?: am|'m) (?:suicidal|going to end (?:it|my life)|thinking (?:about|of) (?:suicide|ending it))\b",
            0.85,
        ),
        (r"\b(?:better off (?:dead|without me)|no reason (?:left )?to (?:live|go on))\b", 0.65),
        (
            r"\bi(?:'ve| have)? (?:been |started |keep )cutting (?:myself|my (?:arms|wrists|thighs))\b",
            0.85,
        ),
    ),
    "self-harm/instructions": (
        (
            rf"\b{HOW} ?(?:\w+ ){{0,3}}(?:kill(?:ing)?|hang(?:ing)?|cut(?:ting)?|harm(?:ing)?|hurt(?:ing)?|starv(?:e|ing)) (?:myself|yourself|oneself)\b",
            0.9,
        ),
        (
            rf"\b{HOW} ?(?:\w+ ){{0,3}}(?:commit suicide|end (?:my|your) (?:own )?life|overdose)\b",
            0.85,
        ),
        (
            r"\b(?:painless|quick(?:est)?|easiest|surest|best) (?:way|method)s? (?:to|of) (?:die|dying|suicide|kill(?:ing)? (?:myself|yourself))\b",
            0.85,
        ),
        (
            r"\b(?:how many|which|what) (?:pills|tablets|sleeping pills)\b[^.!?]{0,120}\b(?:die|kill me|kill myself|lethal|fatal)\b|\blethal dose\b[^.!?]{0,120}\b(?:me|myself)\b",
            0.8,
        ),
        (r"\bhide (?:my |the )?(?:cuts|self[- ]harm|scars) from\b", 0.6),
    ),
    "sexual": (
        (
            r"\b(?:blow ?jobs?|hand ?jobs?|cum(?:shot|ming)|deepthroat\w*|gang ?bang\w*|hentai|dildos?|milf)\b",
            0.8,
        ),
        (
            r"\b(?:porn(?:o|ography|hub)?|erotic(?:a| stor(?:y|ies))|sexting|nudes?|strip ?tease|escort services?)\b",
            0.55,
        ),
        (
            r"\b(?:fuck(?:ed|ing)?|ride|lick(?:ed|ing)?|suck(?:ed|ing)?) (?:me|her|him|my|his) (?:\w+ )?(?:hard(?:er)?|cock|dick|pussy|tits|clit|ass|raw)\b",
            0.85,
        ),
        (r"\b(?:cock|pussy|clit|tits|boner)s?\b", 0.4),
        (
            r"\b(?:have|having|had) (?:\w+ )?sex with (?:me|her|him|you)\b|\bmake me (?:cum|orgasm)\b|\b(?:horny|turned on|aroused)\b[^.!?]{0,120}\b(?:body|naked|touch|bed)\b",
            0.65,
        ),
        (
            r"\b(?:undress(?:ed|es)?|moan(?:ed|s|ing)|thrust(?:ed|s|ing)?|caress(?:ed|es|ing)?)\b[^.!?]{0,120}\b(?:naked|breasts?|thighs?|nipples?|bed)\b",
            0.7,
        ),
    ),
    "sexual/minors": (
        (rf"\b{SEXUAL}\b[^.!?\n]{{0,60}}\b{MINOR}\b", 0.8),
        (rf"\b{MINOR}\b[^.!?\n]{{0,60}}\b{SEXUAL}\b", 0.8),
        (
            r"\b(?:child|kiddie|underage|preteen) (?:porn\w*|erotica|nudes?)\b|\bcsam\b|\bloli(?:con)?\b",
            0.9,
        ),
    ),
    "violence": (
        (rf"\b{INTEND} (?:\w+ ){{0,2}}{HURT} {SOMEBODY}\b", 0.8),
        (
            r"\b(?:stabbed|shot|strangled|beheaded|decapitated|murdered|bludgeoned|slaughtered|executed|lynched|tortured) (?:him|her|them|the (?:man|woman|child|guard|prisoner|hostage|victim|family)s?|to death|\w+ in the (?:head|chest|back|face))\b",
            0.65,
        ),
        (
            r"\b(?:massacre|mass shooting|school shooting|genocide|beheading|drive-by shooting)\b",
            0.4,
        ),
        (
            r"\bbeat(?:en|ing)? (?:\w+ ){1,2}(?:to death|to a pulp|until (?:he|she|they) (?:stopped|bled|died))\b",
            0.8,
        ),
        (
            r"\b(?:he|she|they|i|we) (?:\w+ )?(?:killed|murdered|stabbed|strangled) (?:\w+ ){0,2}(?:and|with|in|before|slowly)\b",
            0.5,
        ),
        (
            r"\b(?:deserves?|needs?|should) to be (?:shot|stabbed|killed|beaten|hanged|tortured|executed)\b",
            0.7,
        ),
    ),
    "violence/graphic": (
        (
            r"\b(?:entrails|intestines|guts|brains?|organs|eyeballs?)\b[^.!?\n]{0,50}\b(?:spill\w*|splatter\w*|hang\w*|ooz\w*|rip\w*|torn|pour\w*|scatter\w*|burst\w*|gouged)\b",
            0.85,
        ),
        (
            r"\b(?:spill\w*|splatter\w*|rip\w*|tore|torn|gouged?|pull\w*) (?:\w+ ){0,4}(?:entrails|intestines|guts|brains|organs|eyeballs?|eyes|flesh)\b",
            0.8,
        ),
        (
            r"\b(?:blood|gore) (?:\w+ ){0,2}(?:gush\w*|spurt\w*|spray\w*|pool\w*|pour\w*|soak\w*|splatter\w*)\b",
            0.75,
        ),
        (
            r"\b(?:dismember\w*|disembowel\w*|decapitat\w*|mutilat\w*|eviscerat\w*|skinned alive|flayed)\b",
            0.65,
        ),
        (
            r"\b(?:severed|mangled|charred|rotting|hacked[- ]off) (?:\w+ )?(?:head|limbs?|arms?|legs?|corpses?|bod(?:y|ies)|hands?|fingers?)\b",
            0.7,
        ),
    ),
    "illicit": (
        (
            rf"\b{HOW} ?(?:\w+ ){{0,3}}(?:mak(?:e|ing)|cook(?:ing)?|synthesi[sz](?:e|ing)|produc(?:e|ing)|grow(?:ing)?) (?:\w+ ){{0,3}}(?:meth\w*|heroin|cocaine|crack|lsd|mdma|ecstasy|fentanyl|ghb)\b",
            0.9,
        ),
        (
            rf"\b{HOW} ?(?:\w+ ){{0,3}}(?:shoplift\w*|steal\w*|pick ?pocket\w*|rob(?:bing)?|burgl\w+|hot-?wire|launder\w*|counterfeit\w*|forge\w*|smuggl\w+|embezzl\w+|blackmail\w*|defraud\w*|scam\w*)\b",
            0.75,
        ),
        (
            rf"\b{HOW} ?(?:\w+ ){{0,3}}(?:hack(?:ing)?|break(?:ing)? into|phish\w*|crack(?:ing)?|hijack\w*|ddos\w*) (?:\w+ ){{0,4}}(?:account|e-?mail|bank|wi-?fi|phone|website|server|password|network|house|car|computer|cameras?)\b",
            0.7,
        ),
        (
            r"\b(?:buy|order|get|find|sell(?:ing)?) (?:\w+ ){0,3}(?:cocaine|heroin|meth|fentanyl|mdma|stolen (?:cards?|credit cards?|goods)|fake (?:passports?|ids?|licen[cs]es?)|counterfeit (?:money|bills|notes))\b",
            0.7,
        ),
        (
            rf"\b{HOW} ?(?:\w+ ){{0,4}}(?:without (?:getting|being) caught|evade (?:the )?(?:police|taxes)|avoid paying taxes illegally|fake (?:a|an|my) (?:id|passport|licen[cs]e|prescription))\b",
            0.7,
        ),
        (
            r"\b(?:write|create|make|build|code) (?:\w+ ){0,3}(?:ransomware|malware|keylogger|phishing (?:page|e-?mail|site)|computer virus|botnet)\b",
            0.75,
        ),
    ),
    "illicit/violent": (
        (
            rf"\b{HOW} ?(?:\w+ ){{0,3}}(?:mak(?:e|ing)|build(?:ing)?|assembl(?:e|ing)|construct(?:ing)?) (?:\w+ ){{0,3}}(?:bombs?|explosives?|grenades?|molotov\w*|napalm|ied|silencers?|suppressors?|nerve (?:gas|agent)|sarin|ricin|ghost guns?)\b",
            0.9,
        ),
        (
            rf"\b{HOW} ?(?:\w+ ){{0,3}}(?:kill|murder|poison|kidnap|assassinate|strangle) (?:\w+ )?(?:someone|somebody|my|him|her|them|a (?:person|man|woman)|people)\b",
            0.85,
        ),
        (
            r"\b(?:buy|get|obtain|order|print) (?:\w+ ){0,3}(?:guns?|rifles?|pistols?|firearms?|ammunition|weapons?) (?:illegally|without (?:a )?(?:licen[cs]e|background check|permit|papers)|on the (?:dark ?web|black market|street))\b",
            0.85,
        ),
        (r"\b(?:hire|find|pay) (?:a |an )?(?:hit ?man|assassin|contract killer)\b", 0.85),
        (
            r"\b(?:plan|carry out|organi[sz]e|commit) (?:a |an )?(?:\w+ )?(?:terror(?:ist)? attack|mass shooting|school shooting|bombing|massacre)\b",
            0.75,
        ),
    ),
}
"""Weighted patterns by OpenAI's names of the categories."""

RELATED = {
    "harassment/threatening": ("harassment", "violence"),
    "hate/threatening": ("hate", "violence"),
    "self-harm/intent": ("self-harm",),
    "self-harm/instructions": ("self-harm",),
    "sexual/minors": ("sexual",),
    "violence/graphic": ("violence",),
    "illicit/violent": ("illicit",),
}
"""What a category is a kind of: its score counts there, too."""

HARMLESS = (
    r"\bkill(?:ing|ed|s)? (?:a |the |this |that |all )?(?:\w+ )?(?:process(?:es)?|threads?|jobs?|tasks?|server|"
    r"session|port|app|container|pods?|time|weeds?|bacteria|germs|virus(?:es)?|switch|query|queries|mosquitoe?s?|ants|mood)\b",
    r"\bshoot(?:ing)? (?:me|you|us|him|her|them) (?:an? )?(?:\w+ )?(?:e-?mail|message|text|note|line|question)\b",
    r"\bshoot(?:ing)? (?:a |the |some )?(?:\w+ )?(?:photos?|videos?|film|movie|hoops|portraits?|scene)\b",
    r"\b(?:bath|sex(?:ual)?|photo|cherry|glitter|e-?mail|logic|fork|zip|seed) (?:bombs?|education|health|orientation|discrimination|harassment (?:policy|training))\b",
    r"\b(?:suicide|self-harm) (?:prevention|hotline|awareness|helpline|rates?|statistics|squad|risk assessment)\b",
    r"\b(?:laugh(?:ed|ing)? (?:\w+ )?to death|dying to|killing it|killed it|to die for|dead tired|bored to death|dressed to kill)\b",
    r"\b(?:beat|beating|beaten) (?:the |an? )?(?:eggs?|record|traffic|heat|deadline|competition|drum|clock|odds)\b",
)
"""Phrases that sound worse than they are: taken out before anything is looked for."""
