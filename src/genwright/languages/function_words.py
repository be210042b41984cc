# ruff: noqa: RUF001 - words of many scripts
"""Words that hold a sentence together and tell nothing of what it is about, by language.

They match nearly every passage: they cost time and say nothing (BM25's weight for a word in over
half of the passages is zero). What asks in a question is among them.
"""

from collections.abc import Collection, Iterable

_LISTS = {
    "ar": """
        أن أو أي أين إلى إن التي الذي الذين الى ان بعد بعض بين تكون تلك ثم حتى ذلك على عن عند غير في
        قبل قد كان كانت كل كم كيف لا لم لماذا لن ما ماذا متى مع من هذا هذه هل هم هو هي و يكون
    """,
    "ca": """
        a al als amb com d de del dels el els en era es estan està ha han hi i l la les li més no o
        on per quan quant quants qui quin quina quines quins què s se ser seu seva sobre són un una
        va van és
    """,
    "cs": """
        a aby ale ani by byl byla bylo byly do i jak jaká jaké jaký je jeho jejich její jsou k kde
        kdo kdy ke kolik která které který mezi má na nad nebo o od po pod pro proč při s se si tak
        ten to u v ve z za ze že
    """,
    "da": """
        af at blev da de den der deres det du efter eller en er et for fra før ham han har hende hun
        hvad hvem hvilke hvilken hvilket hvor hvordan hvorfor hvornår i ikke ind jeg kan med men mod
        når og om op over på sig sin som så til ud under var ved vi vil
    """,
    "de": """
        ab aber als am an auch auf aus bei beim bis da das dass dem den denn der des die dies diese
        diesem diesen dieser dieses doch du durch ein eine einem einen einer eines er es für gibt
        habe haben hat hatte hatten ich ihm ihn ihr ihre ihrem ihren ihrer im in ist ja kann kein
        keine können mit muss nach nicht noch nur ob oder ohne sein seine seinem seinen seiner seit
        sich sie sind so um und unter vom von vor wann war waren warum was welche welchem welchen
        welcher welches wem wen wenn wer werden wessen wie wieso wieviel wir wird wo wodurch woher
        wohin womit worden wurde wurden zu zum zur zwischen über
    """,
    "el": """
        ένα ένας έχει έχουν ήταν αλλά αν από αυτά αυτές αυτή αυτό αυτός για δεν είναι είχε η θα και
        κατά μία με μετά μια μου να ο οι ποια ποιο ποιοι ποιος που πού πρέπει προς πως πόσα πόσο
        πότε πώς σε στα στη στην στις στο στον στους τα τη την της τι τις το τον του τους των ως
        όπου όταν ότι
    """,
    "en": """
        a an and are as at be by did do does for from had has have how i if in into is it its of on
        or so than that the their them then there these they this those to was we were what when
        where which who whom whose why will with would you your
    """,
    "es": """
        a al ante bajo como con cual cuando cuál cuáles cuándo cuánta cuántas cuánto cuántos cómo de
        del desde donde durante dónde e el ella ellos en entre era eran es esa ese eso esta estas
        este esto estos está están fue fueron ha había han hasta hay la las le les lo los me mi muy
        más ni no o para pero por porque que quien quién quiénes qué se según ser si sin sobre son
        su sus también te tiene tienen tras tu un una unas uno unos y ya
    """,
    "fi": """
        ei eivät en että he hän hänen ja jo joka jonka jos jossa jota kanssa kenen ketkä koska kuin
        kuinka kuka kun mihin miksi mikä milloin minkä minä missä mistä miten mitkä mitä monta
        montako mutta myös ne niiden niin nyt ole oli olivat olla olleet ollut on ovat se sekä sen
        siinä sinä sitä tai tämä tämän tässä vai voi
    """,
    "fr": """
        a ai au aux avait avec c ce ces cet cette combien comment d dans de des dont du elle elles
        en entre est et eu il ils j je l la le les leur leurs lors lui m mais me même n ne nous on
        ont ou où par pas plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa
        sans se ses si son sont sous sur t tu un une vers vous y à étaient était été être
    """,
    "hu": """
        a aki alatt amely ami az azt be csak de egy el előtt ez ezt fel ha hogy hogyan hol honnan
        hová hány is ki kik kit között lesz lett meg mely melyik mennyi mi mikor milyen mint mit
        miért már még nem szerint után vagy van volna volt voltak és
    """,
    "id": """
        ada adalah akan apa apakah atau bagaimana bagi bahwa berapa berapakah dalam dan dapat dari
        dengan di dia dimana hingga ia ini itu juga kapan kapankah ke kepada mana mengapa oleh pada
        para saat sebagai siapa siapakah sudah telah tersebut tidak untuk yang
    """,
    "it": """
        a ad agli ai al alla alle anche c che chi ci col come con cosa cui d da dai dal dalla dalle
        degli dei del dell della delle di dove e ed era erano fra fu furono gli ha hanno i il in io
        l la le lo ma mi ne negli nei nel nell nella nelle non o per perché più qual quale quali
        quando quanta quante quanti quanto quella quello questa questo s se si sia sono stata stati
        stato su sua sue sugli sui sul sulla suo suoi tra un una uno è
    """,
    "nl": """
        aan al als bij dan dat de den der deze die dit door dus een en er geen had hadden hebben
        heeft het hij hoe hoeveel hun ik in is je kan kunnen maar me met mijn na naar niet nog nu of
        om omdat onder ons ook op over te tegen toen tot uit van veel voor waar waarom wanneer wat
        we welk welke werd werden wie worden wordt zal ze zich zij zijn zo zonder
    """,
    "no": """
        at av ble blei da de dei dem den der deres det du eg ei ein eit eller en er et etter for fra
        frå før ha hadde han har henne hun hva hvem hvilke hvilken hvilket hvor hvordan hvorfor i
        ikke ikkje inn jeg kan kor kva kven man med mellom men mot når og om opp over på seg sin
        skal som så til ut var ved vi vil å
    """,
    "pl": """
        a aby ale bez by być był była było były co czy czym dla dlaczego do gdy gdzie i ich ile jak
        jaka jaki jakie jako jego jej jest już kiedy kim kogo komu kto która które którego której
        który których lub ma między może na nad nie niż o od oraz po pod przed przez przy się są ta
        tak także te tego tej ten to tym u w we z za ze że
    """,
    "pt": """
        a ante ao aos as até com como cuja cujo da das de del dela dele desde do dos e ela elas ele
        eles em entre era eram essa esse esta este está estão eu foi foram há isso isto já lhe lo
        mais mas me mesmo na nas nem no nos num numa não o onde os ou para pela pelas pelo pelos por
        porque porquê quais qual quando quanta quantas quanto quantos que quem quê se sem ser seu
        seus sob sobre sua suas são só também te tem têm um uma umas uns à às é
    """,
    "ro": """
        a ai al ale am ar are au ca care ce cea cei cel cele cine cu cui cum când cât câte câți că
        dar de din după e ea ei el era erau este eu fi fost i la le lui mai nu o or pe pentru prin
        sa sale sau se si sub sunt să un una unde unei unui va îi în își și
    """,
    "ru": """
        а без был была были было быть в вам вас во вот все где да для до его ее если есть еще ещё её
        же за зачем и из или им их к каждый как какая какие каким каких какого какое какой каком
        какую ко когда кого кому которая которое которые который кто ли лишь между меня мне мы на
        над не него нее нет ни них но о об он она они оно от откуда по под почему при с сколько со
        так такой там то того тоже только ты у уже чего чей чем через что чтобы чья эта эти это
        этого этот я является
    """,
    "sv": """
        att av blev bli de dem den denna deras dess det detta dig din du då efter ej eller en er ett
        från för ha hade han har henne hennes hon hos hur i in inte jag kan man med mellan men mot
        mycket nu när någon något några och om på sig sin sina som så till under upp ut vad var
        varför vart vem vems vi vid vilka vilkas vilken vilket än är åt över
    """,
    "tr": """
        acaba ama ancak bir bu da daha de değil diye en gibi hangi hangisi hem her ile ise için kaç
        ki kim kimdir kime kimin mi midir mu mü mı mıdır nasıl ne neden nedir nerede nereden nereye
        niçin o olan olarak oldu olduğu sonra var ve veya ya yok çok şu
    """,
}
_WORDS = {language: frozenset(words.split()) for language, words in _LISTS.items()}
LANGUAGES = ("en", *(language for language in _WORDS if language != "en"))
"""Those whose function words are known; the first is taken where two are as likely."""
_SHARED = {"nb": "no", "nn": "no"}


def list_function_words(language: str) -> frozenset[str]:
    """Function words of a language, in lower case; none where they are not known.

    Example:
        >>> "welche" in list_function_words("de")
        True
    """
    return _WORDS.get(_SHARED.get(language, language), frozenset())


def choose_language(words: Iterable[str], among: Collection[str]) -> str:
    """Of some languages the one with the most function words among a question's words.

    A question is too short for its letters to tell its language, but hardly any does without a
    word that asks.

    Args:
        words: In lower case.
        among: Codes; of equal ones the first is taken.

    Returns:
        Its code; empty where there is no function word of any.

    Example:
        >>> choose_language("wann wird das öl gewechselt".split(), ["en", "de"])
        'de'
    """
    said = set(words)
    counts = {each: len(said & list_function_words(each)) for each in among}
    best = max(counts, key=lambda each: counts[each], default="")
    return best if counts.get(best) else ""
